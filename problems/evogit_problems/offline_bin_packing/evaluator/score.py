"""Scores a heuristic for offline bin packing; runs apart from the candidate.

It draws the items (whole sizes, SHAKE-256 of the seed), sends all instances as one line of JSON, checks
that every item is packed once and no bin overflows, and counts the bins itself. Excess is bins over
the lower bound L2 of Martello and Toth (Knapsack Problems, 1990, 8.3), minus 1. Kinds: U[1, 1e6] of
capacity 1e6, and triplets as in Falkenauer (1996), where three items fill a bin exactly.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import sys
from hashlib import shake_256
from typing import Any

from exact import InvalidAnswerError, listed, numbers, report

CAPACITY = 1_000_000
PLANS = {
    "train": {("uniform", 120): 8, ("triplet", 120): 8},
    "holdout": {(kind, size): 8 for kind in ("uniform", "triplet") for size in (60, 120, 249, 501)},
}


def words(count: int, name: str) -> tuple[int, ...]:
    """Random whole numbers of 64 bits."""
    return struct.unpack(f">{count}Q", shake_256(name.encode()).digest(8 * count))


def items(kind: str, count: int, name: str) -> list[int]:
    """The sizes of one instance, in random order."""
    drawn = words(2 * count, name)
    if kind == "uniform":
        return [1 + word % CAPACITY for word in drawn[:count]]
    found: list[int] = []
    for i in range(0, count, 3):
        # The first is over 0.38, the others over 0.25: no two bins can swap for a pair (Falkenauer).
        first = 380_001 + drawn[i] % 110_000
        second = 250_001 + drawn[i + 1] % (CAPACITY - first - 500_001)
        found += [first, second, CAPACITY - first - second]
    order = sorted(range(len(found)), key=lambda i: drawn[count + i])
    return [found[i] for i in order]


def lower_bound(sizes: list[int]) -> int:
    """Fewest bins that can hold the items, by Martello and Toth's L2."""
    best = math.ceil(sum(sizes) / CAPACITY)
    for small in {0, *(size for size in sizes if 2 * size <= CAPACITY)}:
        large = [size for size in sizes if size > CAPACITY - small]
        middle = [size for size in sizes if CAPACITY / 2 < size <= CAPACITY - small]
        rest = sum(size for size in sizes if small <= size <= CAPACITY / 2)
        room = len(middle) * CAPACITY - sum(middle)
        more = max(0, -(-(rest - room) // CAPACITY))
        best = max(best, len(large) + len(middle) + more)
    return best


def used(sizes: list[int], answer: Any) -> int:
    """How many bins the candidate uses: it names the bin of each item.

    Raises:
        InvalidAnswerError: an item has no bin, or a bin overflows.
    """
    rooms: dict[int, int] = {}
    bins = numbers(answer, range(len(sizes), len(sizes) + 1))
    for size, place in zip(sizes, bins, strict=True):
        if place.denominator != 1 or not 0 <= place < len(sizes):
            raise InvalidAnswerError(f"there is no bin {str(place)[:40]}")
        room = rooms.get(place.numerator, CAPACITY) - size
        if room < 0:
            raise InvalidAnswerError(f"bin {place} overflows")
        rooms[place.numerator] = room
    return len(rooms)


def send(instances: list[list[int]]) -> None:
    """Show all items. A candidate that has gone is noticed when its answer is read."""
    data = (json.dumps([CAPACITY, instances]) + "\n").encode()
    channel = int(os.environ.get("EVOGIT_CHANNEL", "3"))
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(channel, data) :]


def main(plan: str, seed: int) -> None:
    """Show the items of a plan, judge the packings, print the answer for the kernel."""
    kinds = [group for group, count in PLANS[plan].items() for _ in range(count)]
    instances = [
        items(kind, size, f"bins/{plan}/{seed}/{i}") for i, (kind, size) in enumerate(kinds)
    ]
    send(instances)

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        answers = listed(answer, range(len(instances), len(instances) + 1), "packing")
        excess: dict[str, list[float]] = {}
        for group, sizes, given in zip(kinds, instances, answers, strict=True):
            found = used(sizes, given) / lower_bound(sizes) - 1
            excess.setdefault(f"excess_{group[0]}_{group[1]}", []).append(found)
        means = {name: math.fsum(found) / len(found) for name, found in excess.items()}
        return math.fsum(means.values()) / len(means), means

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ["EVOGIT_SEED"]))
