"""Offline bin packing: instances drawn from a name, the lower bound, and counting used bins.

Items are whole sizes drawn by SHAKE-256, the same on every machine. Kinds: U[1, 1e6] of capacity 1e6, and
triplets as in Falkenauer (1996), where three items fill a bin exactly. The lower bound is L2 of Martello and
Toth (Knapsack Problems, 1990, 8.3).
"""

from __future__ import annotations

import math
import struct
from hashlib import shake_256
from typing import Any

from exact import InvalidAnswerError, numbers

CAPACITY = 1_000_000
META = {
    "train": [(kind, 120) for kind in ("uniform", "triplet") for _ in range(8)],
    "holdout": [(kind, n) for kind in ("uniform", "triplet") for n in (60, 249) for _ in range(6)],
    "example": [(kind, 120) for kind in ("uniform", "triplet") for _ in range(3)],
}
"""Kinds and lengths of the instances of ``meta-solver``."""


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


def meta_instances(plan: str) -> list[list[int]]:
    """The instances of ``meta-solver`` for training, hold-out, or to be shown to the candidate."""
    return [items(kind, n, f"meta/{plan}/{i}") for i, (kind, n) in enumerate(META[plan])]


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
