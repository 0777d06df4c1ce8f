"""Scores packings: mean excess of bins over the lower bound. It draws the instances and counts itself."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from exact import listed, report
from packing import CAPACITY, lower_bound, meta_instances, used


def decreasing(sizes: Sequence[int], *, best: bool) -> int:
    """Bins of first fit decreasing, or best fit decreasing."""
    rooms: list[int] = []
    for size in sorted(sizes, reverse=True):
        fits = [place for place, room in enumerate(rooms) if room >= size]
        if fits:
            place = min(fits, key=lambda at: rooms[at]) if best else fits[0]
        else:
            place = len(rooms)
            rooms.append(CAPACITY)
        rooms[place] -= size
    return len(rooms)


def main(plan: str) -> None:
    """Read the packings, print the answer for the kernel, with both textbook heuristics beside it."""
    problems = meta_instances(plan)
    bounds = [lower_bound(sizes) for sizes in problems]

    def mean(counts: list[int]) -> float:
        excess = [count / bound - 1 for count, bound in zip(counts, bounds, strict=True)]
        return math.fsum(excess) / len(excess)

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        answers = listed(answer, range(len(problems), len(problems) + 1), "packing")
        found = mean([used(sizes, given) for sizes, given in zip(problems, answers, strict=True)])
        return found, {
            "first_fit_decreasing": mean([decreasing(sizes, best=False) for sizes in problems]),
            "best_fit_decreasing": mean([decreasing(sizes, best=True) for sizes in problems]),
        }

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1])
