"""Scores a rule for online bin packing; runs apart from the candidate and believes nothing.

It makes the items, shows each only when the previous one has been placed, keeps the true bins,
checks every placement and counts the bins itself. The protocol is described in ``bins_run.py``.

Excess is bins / ceil(sum of items / capacity) - 1. Items are drawn from SHAKE-256 of the seed and
the stream's name: the same on every machine and Python, and no run of items gives away the next
(a Mersenne Twister can be predicted after a few thousand).
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import sys
from collections.abc import Callable
from hashlib import shake_256
from typing import NamedTuple


class InvalidAnswerError(Exception):
    """The candidate's answer breaks the rules; says how."""


class Group(NamedTuple):
    """Streams of one kind and length; their figures carry ``name``."""

    kind: str
    length: int
    streams: int

    @property
    def name(self) -> str:
        """Such as ``u_500``."""
        return f"{self.kind}_{self.length}"


CAPACITY = {"u": 150, "weibull": 100}
LENGTHS = (250, 500, 1000, 5000)
HOLDOUT_STREAMS = 24
TRAINED = {"u": Group("u", 500, 48), "weibull": Group("weibull", 5000, 8)}
"""What a rule for one kind of items is trained on; the same kind and length counts in the hold-out."""
STUDENT_T = {8: 2.365, 24: 2.069, 48: 2.012}
"""97.5 % points of Student's t for the mean of that many streams."""

MAX_DIGITS = 6
ANSWER = re.compile(rb"[0-9]{1,%d}(?: [0-9]{1,%d})*\n" % (MAX_DIGITS, MAX_DIGITS))
"""What a line of bin numbers looks like; only a line that does not is taken apart to say why."""


def uniform(bits: int) -> int:
    """U[20,100], from 32 bits (a bias below 1e-7)."""
    return 20 + (bits >> 32) % 81


def weibull(bits: int) -> int:
    """Weibull with scale 45 and shape 3, rounded to a whole number and clipped to 1..100."""
    return min(100, max(1, round(45 * (-math.log(((bits >> 11) + 0.5) / 2**53)) ** (1 / 3))))


DRAW: dict[str, Callable[[int], int]] = {"u": uniform, "weibull": weibull}


def draw(kind: str, length: int, name: str) -> list[int]:
    """The items of the stream called ``name``."""
    data = shake_256(name.encode()).digest(8 * length)
    return list(map(DRAW[kind], struct.unpack(f">{length}Q", data)))


class Stream:
    """One stream of items and the true state of its bins."""

    def __init__(self, capacity: int, items: list[int]) -> None:
        self.capacity = capacity
        self.items = items
        self._rooms: list[int] = []

    def place(self, item: int, index: int) -> None:
        """Put ``item`` into bin ``index``.

        Raises:
            InvalidAnswerError: there is no such bin, or no room in it.
        """
        rooms = self._rooms
        if index == len(rooms):
            rooms.append(self.capacity - item)
            return
        if index > len(rooms):
            raise InvalidAnswerError(f"bin {index} does not exist: {len(rooms)} are open")
        if rooms[index] < item:
            raise InvalidAnswerError(
                f"an item of {item} does not fit into a bin with {rooms[index]} left"
            )
        rooms[index] -= item

    def excess(self) -> float:
        """Bins used beyond the fewest that could hold the items' sum, as a fraction of these."""
        return len(self._rooms) / -(-sum(self.items) // self.capacity) - 1


def say(channel: int, numbers: list[int]) -> None:
    """Send one line. A candidate that has gone is noticed when its answer is read."""
    data = (" ".join(map(str, numbers)) + "\n").encode()
    try:
        while data:
            data = data[os.write(channel, data) :]
    except BrokenPipeError:
        pass


def hear(count: int) -> list[int]:
    """The candidate's next line: ``count`` bin numbers.

    Raises:
        InvalidAnswerError: it is anything else, or more than was asked for.
    """
    limit = max(1000, count * (MAX_DIGITS + 1))
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(0, 65536)
        if not chunk:
            raise InvalidAnswerError("the candidate ended before the stream did")
        line += chunk
        if len(line) > limit:
            raise InvalidAnswerError("an answer is too long")
    if line.startswith(b"!"):
        raise InvalidAnswerError(line[1:].decode("ascii", "replace").strip()[:500])
    return numbers(line, count)


def numbers(line: bytes, count: int) -> list[int]:
    """``count`` decimal numbers separated by single spaces, with one line end after them.

    Raises:
        InvalidAnswerError: anything else.
    """
    words = line[:-1].split(b" ")
    if len(words) == count and ANSWER.fullmatch(line):
        return list(map(int, words))
    if b"\n" in line[:-1]:
        raise InvalidAnswerError("an answer came before it was asked for")
    if len(words) != count:
        raise InvalidAnswerError(f"{len(words)} bins were named for {count} items")
    for word in words:
        if not word.isdigit() or len(word) > MAX_DIGITS:
            raise InvalidAnswerError(f"not the number of a bin: {word[:20]!r}")
    return [int(word) for word in words]


def play(streams: list[Stream], channel: int) -> None:
    """Show every stream to its end, one item at a time.

    Raises:
        InvalidAnswerError: the candidate's answer breaks the rules.
    """
    say(channel, [stream.capacity for stream in streams])
    for step in range(max(len(stream.items) for stream in streams)):
        live = [stream for stream in streams if step < len(stream.items)]
        say(channel, [s.items[step] if step < len(s.items) else 0 for s in streams])
        for stream, index in zip(live, hear(len(live)), strict=True):
            stream.place(stream.items[step], index)


def figures(name: str, values: list[float]) -> dict[str, float]:
    """Mean, standard deviation and half-width of the 95 % interval of the mean."""
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
    half = STUDENT_T[len(values)] * deviation / math.sqrt(len(values))
    key = f"excess_{name}"
    return {key: mean, f"{key}_sd": deviation, f"{key}_ci95": half}


def planned(plan: str, kind: str) -> list[Group]:
    """The streams of a plan: those of the training, or every kind and length."""
    if plan == "train":
        return [TRAINED[kind]]
    return [Group(kind, length, HOLDOUT_STREAMS) for kind in CAPACITY for length in LENGTHS]


def judge(plan: str, trained: str, seed: int, channel: int) -> dict[str, object]:
    """The answer for the kernel: score and metrics, or why the candidate failed."""
    groups: dict[str, list[Stream]] = {}
    for kind, length, count in planned(plan, trained):
        names = [f"{plan}/{seed}/{kind}/{length}/{number}" for number in range(count)]
        groups[Group(kind, length, count).name] = [
            Stream(CAPACITY[kind], draw(kind, length, n)) for n in names
        ]
    try:
        play([stream for group in groups.values() for stream in group], channel)
    except InvalidAnswerError as error:
        return {"failed": str(error)}
    metrics: dict[str, float] = {}
    for name, streams in groups.items():
        metrics |= figures(name, [stream.excess() for stream in streams])
    return {"score": metrics[f"excess_{TRAINED[trained].name}"], "metrics": metrics}


def main() -> None:
    """Judge by the plan and kind of items on the command line and print one JSON object."""
    plan, kind = sys.argv[1:3]
    channel = int(os.environ.get("EVOGIT_CHANNEL", "3"))
    print(json.dumps(judge(plan, kind, int(os.environ["EVOGIT_SEED"]), channel)))  # noqa: T201


if __name__ == "__main__":
    main()
