"""Scores a rule for online bin packing; runs apart from the candidate and believes nothing.

It reads how the candidate ranks the bins for every phase and item (``bins_run.py`` says in which form),
and packs streams of items by that: each item goes to the open bin, or the new one, that is ranked
highest; among bins ranked alike to the one with the least room. The candidate sees no item of any
stream, and what it does after it has answered changes nothing.

Excess is bins / ceil(sum of items / capacity) - 1. The score is the mean excess at one length, plus, for
each other length that is watched, by how much the rule may waste more than best fit there: the upper end
of the 95 % interval of the mean difference, if above 0. Items are drawn from SHAKE-256 of the seed and
the stream's name: the same on every machine and Python.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import sys
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from hashlib import shake_256
from itertools import repeat
from typing import NamedTuple


class InvalidAnswerError(Exception):
    """The candidate's answer breaks the rules; says how."""


class Kind(NamedTuple):
    """A distribution of items: their range, the bins' capacity, and items from 64 random bits each."""

    low: int
    high: int
    capacity: int
    items: Callable[[Iterable[int]], list[int]]


class Group(NamedTuple):
    """Streams of one kind and length; their figures carry ``name``."""

    kind: str
    length: int
    streams: int

    @property
    def name(self) -> str:
        """Such as ``u_500``."""
        return f"{self.kind}_{self.length}"


def uniform(draws: Iterable[int]) -> list[int]:
    """U[20,100], from 32 bits (a bias below 1e-7)."""
    return [20 + (bits >> 32) % 81 for bits in draws]


BEYOND = [int(2**64 * math.exp(-(((size + 0.5) / 45) ** 3))) for size in range(99, 0, -1)]
"""How many of 2^64 Weibull items are rounded to more than 99, 98, ... 1."""


def weibull(draws: Iterable[int]) -> list[int]:
    """Weibull with scale 45 and shape 3, rounded to a whole number and clipped to 1..100."""
    return [100 - beyond for beyond in map(bisect_right, repeat(BEYOND), draws)]


KINDS = {"u": Kind(20, 100, 150, uniform), "weibull": Kind(1, 100, 100, weibull)}
LENGTHS = (250, 500, 1000, 5000)
HOLDOUT_STREAMS = 24
TRAINED = {"u": Group("u", 500, 96), "weibull": Group("weibull", 5000, 16)}
"""What a rule for one kind of items is trained on; the same kind and length counts in the hold-out."""
WATCHED = {
    "u": [Group("u", 250, 48)],
    "weibull": [
        Group("weibull", 250, 48),
        Group("weibull", 500, 24),
        Group("weibull", 1000, 12),
    ],
}
"""Where a rule for these items has to be no worse than best fit."""
STUDENT_T = {12: 2.201, 16: 2.131, 24: 2.069, 48: 2.012, 96: 1.985}
"""97.5 % points of Student's t for the mean of that many streams."""

ENDS = (64, 128, 256, 512, 1024, 2048, 4096)
"""Where the phases of a stream end, in items; the last one has no end."""
PHASES = {"u": 4, "weibull": len(ENDS) + 1}
"""How many phases a rule for these items is told of."""
Orders = dict[int, list[int]]
"""For each item the rooms that could hold it, the most wanted first."""
Rule = list[Orders]
"""The orders of each phase."""

LONGEST = 400_000
"""Bytes of the answer for all kinds: best fit takes 37,260, a rule that is another in each phase 8 times that."""
RANKS = re.compile(rb"[0-9]{1,3}(?: [0-9]{1,3})*")


def draw(kind: str, length: int, name: str) -> list[int]:
    """The items of the stream called ``name``."""
    data = shake_256(name.encode()).digest(8 * length)
    return KINDS[kind].items(struct.unpack(f">{length}Q", data))


def pack(items: list[int], capacity: int, rule: Rule) -> int:
    """How many bins the items take, each put where its order says; bins with equal room are alike."""
    bins = [0] * capacity + [len(items)]  # by room; as many empty ones as could be needed
    ends = ENDS[: len(rule) - 1]
    for orders, begin, end in zip(rule, (0, *ends), (*ends, None), strict=True):
        for item in items[begin:end]:
            for room in orders[item]:
                if bins[room]:
                    bins[room] -= 1
                    bins[room - item] += 1
                    break
    return len(items) - bins[capacity]


def best_fit(items: list[int], capacity: int) -> int:
    """How many bins the items take, each put into the fullest one that has room for it."""
    rooms: list[int] = []  # of the bins in use, ascending
    for item in items:
        fullest = bisect_left(rooms, item)
        room = rooms.pop(fullest) if fullest < len(rooms) else capacity
        insort(rooms, room - item)
    return len(rooms)


def hear(count: int) -> list[bytes]:
    """What the candidate's runner says before it ends: ``count`` lines.

    Raises:
        InvalidAnswerError: they are fewer or more, or far longer than any rule's.
    """
    data = b""
    while chunk := os.read(0, 65536):
        data += chunk
        if len(data) > LONGEST:
            raise InvalidAnswerError("the answer is too long")
    said = data.split(b"\n")
    if said.pop():
        raise InvalidAnswerError("the candidate ended before it had answered")
    if len(said) != count:
        raise InvalidAnswerError(f"{len(said)} lines came instead of {count}")
    return said


def order(item: int, capacity: int, text: bytes) -> list[int]:
    """The rooms that could hold ``item``, best first, from the candidate's ranks of them.

    Raises:
        InvalidAnswerError: they are not one plain decimal number for each of those rooms.
    """
    if not RANKS.fullmatch(text):
        raise InvalidAnswerError(f"not ranks for an item of {item}: {text[:20]!r}")
    ranks = list(map(int, text.split(b" ")))
    if len(ranks) != capacity + 1 - item:
        raise InvalidAnswerError(f"{len(ranks)} ranks were given for an item of {item}")
    return sorted(range(item, capacity + 1), key=lambda room: (-ranks[room - item], room))


def rule(kind: Kind, line: bytes, phases: int) -> Rule:
    """The rule that a line describes.

    Raises:
        InvalidAnswerError: it says why there is none, or is not as ``bins_run.py`` would write it.
    """
    if line.startswith(b"!"):
        raise InvalidAnswerError(line[1:].decode("ascii", "replace").strip()[:500])
    items, parts = range(kind.low, kind.high + 1), line.split(b";")
    asked = [item for _ in range(phases) for item in items]
    if len(parts) != len(asked):
        raise InvalidAnswerError(f"{len(parts)} items were answered for, not {len(asked)}")
    found: list[list[int]] = []
    for item, part in zip(asked, parts, strict=True):
        same = not part and len(found) >= len(items)
        found.append(found[-len(items)] if same else order(item, kind.capacity, part))
    steps = range(0, len(found), len(items))
    return [dict(zip(items, found[at : at + len(items)], strict=True)) for at in steps]


def rules(kinds: list[str], trained: str) -> dict[str, Rule]:
    """The candidate's rule for each kind of items; a kind it was not trained on and fails at is left out.

    Raises:
        InvalidAnswerError: it has none for the kind it was trained on.
    """
    found: dict[str, Rule] = {}
    for name, line in zip(kinds, hear(len(kinds)), strict=True):
        try:
            found[name] = rule(KINDS[name], line, PHASES[trained])
        except InvalidAnswerError:
            if name == trained:
                raise
    return found


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean, standard deviation and half-width of the 95 % interval of the mean."""
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return mean, deviation, STUDENT_T[len(values)] * deviation / math.sqrt(len(values))


def figures(name: str, values: list[float]) -> dict[str, float]:
    """What is reported of the streams of a group."""
    key = f"excess_{name}"
    return dict(zip((key, f"{key}_sd", f"{key}_ci95"), interval(values), strict=True))


def planned(plan: str, kind: str) -> list[Group]:
    """The streams of a plan: those of the training, or every kind and length."""
    if plan == "train":
        return [TRAINED[kind], *WATCHED[kind]]
    return [Group(kind, length, HOLDOUT_STREAMS) for kind in KINDS for length in LENGTHS]


def streams(plan: str, seed: int, group: Group) -> list[list[int]]:
    """The items of each stream of a group."""
    kind, length, count = group
    return [draw(kind, length, f"{plan}/{seed}/{kind}/{length}/{k}") for k in range(count)]


def excess(kind: Kind, drawn: list[list[int]], used: list[int]) -> list[float]:
    """For each stream the bins used beyond the fewest that could hold its sum, as a fraction of these."""
    fewest = [-(-sum(items) // kind.capacity) for items in drawn]
    return [bins / least - 1 for bins, least in zip(used, fewest, strict=True)]


def shortfall(values: list[float], best: list[float]) -> float:
    """By how much a rule may waste more than best fit: 0 if it is shown to be no worse."""
    mean, _, half = interval([one - other for one, other in zip(values, best, strict=True)])
    return max(mean + half, 0.0)


def judge(plan: str, trained: str, seed: int) -> dict[str, object]:
    """The answer for the kernel: score and metrics, or why the candidate failed."""
    groups = planned(plan, trained)
    try:
        found = rules(list(dict.fromkeys(group.kind for group in groups)), trained)
    except InvalidAnswerError as error:
        return {"failed": str(error)}
    watched = {group.name for group in WATCHED[trained]}
    metrics = {"worse_than_best_fit": 0.0} if watched else dict[str, float]()
    for group in groups:
        if group.kind in found:
            kind, drawn = KINDS[group.kind], streams(plan, seed, group)
            rule = found[group.kind]
            values = excess(kind, drawn, [pack(items, kind.capacity, rule) for items in drawn])
            metrics |= figures(group.name, values)
            if group.name in watched:
                best = excess(kind, drawn, [best_fit(items, kind.capacity) for items in drawn])
                metrics["worse_than_best_fit"] += shortfall(values, best)
    score = metrics[f"excess_{TRAINED[trained].name}"] + metrics.get("worse_than_best_fit", 0.0)
    return {"score": score, "metrics": metrics}


def main() -> None:
    """Judge by the plan and kind of items on the command line and print one JSON object."""
    plan, kind = sys.argv[1:3]
    print(json.dumps(judge(plan, kind, int(os.environ["EVOGIT_SEED"]))))  # noqa: T201


if __name__ == "__main__":
    main()
