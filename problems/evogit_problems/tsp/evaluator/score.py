"""Scores a heuristic for the Euclidean travelling salesman; runs apart from the candidate.

It draws the cities (SHAKE-256 of the seed: the same on every machine), sends them as one line of JSON,
checks that every answer is a permutation, and measures the tours itself. A tour's length is divided
by 0.7124 sqrt(n A), to which the optimum tends (Beardwood, Halton and Hammersley 1959; constant by
Johnson and McGeoch 1996, who have 0.7764 for 100 cities): there the optimum is near 1.09.
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

SIDE = 1_000_000
CONSTANT = 0.7124
PLANS = {"train": {100: 24, 50: 2, 200: 2}, "holdout": {50: 8, 100: 24, 200: 8, 400: 4}}
SCORED = 100
City = tuple[int, int]


def cities(count: int, name: str) -> list[City]:
    """Distinct enough cities with whole coordinates in the square."""
    words = struct.unpack(f">{2 * count}Q", shake_256(name.encode()).digest(16 * count))
    return [(words[i] % SIDE, words[i + 1] % SIDE) for i in range(0, 2 * count, 2)]


def length(tour: list[City]) -> float:
    """Length of the closed tour."""
    return math.fsum(math.dist(a, b) for a, b in zip(tour, [*tour[1:], tour[0]], strict=True))


def ordered(instance: list[City], order: Any) -> list[City]:
    """The cities in the order the candidate names.

    Raises:
        InvalidAnswerError: it is no permutation.
    """
    count = len(instance)
    places = [int(value) for value in numbers(order, range(count, count + 1))]
    if sorted(places) != list(range(count)):
        raise InvalidAnswerError("a tour does not visit every city once")
    return [instance[place] for place in places]


def send(instances: list[list[City]]) -> None:
    """Show all cities. A candidate that has gone is noticed when its answer is read."""
    data = (json.dumps(instances) + "\n").encode()
    channel = int(os.environ.get("EVOGIT_CHANNEL", "3"))
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(channel, data) :]


def main(plan: str, seed: int) -> None:
    """Show the cities of a plan, judge the tours, print the answer for the kernel."""
    sizes = [size for size, count in PLANS[plan].items() for _ in range(count)]
    instances = [cities(size, f"tsp/{plan}/{seed}/{i}") for i, size in enumerate(sizes)]
    send(instances)

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        answers = listed(answer, range(len(instances), len(instances) + 1), "tour")
        ratios: dict[int, list[float]] = {}
        for instance, order in zip(instances, answers, strict=True):
            count = len(instance)
            ratio = length(ordered(instance, order)) / (CONSTANT * math.sqrt(count) * SIDE)
            ratios.setdefault(count, []).append(ratio)
        means = {size: math.fsum(found) / len(found) for size, found in ratios.items()}
        return means[SCORED], {f"ratio_{size}": mean for size, mean in means.items()}

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ["EVOGIT_SEED"]))
