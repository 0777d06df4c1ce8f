"""Scores packings: mean excess of bins over the lower bound. It draws the instances and counts itself."""

from __future__ import annotations

import math
import sys
from typing import Any

from exact import listed, report
from packing import CAPACITY, lower_bound, used
from run import instances


def packed(sizes: list[int], order: list[int], *, best: bool) -> int:
    """Bins of first fit, or best fit, of the items in that order."""
    rooms: list[int] = []
    for i in order:
        fits = [place for place, room in enumerate(rooms) if room >= sizes[i]]
        if fits:
            place = min(fits, key=lambda at: rooms[at]) if best else fits[0]
        else:
            place = len(rooms)
            rooms.append(CAPACITY)
        rooms[place] -= sizes[i]
    return len(rooms)


def main(plan: str) -> None:
    """Read the packings, print the answer for the kernel, with both textbook heuristics beside it."""
    problems = instances(plan)
    bounds = [lower_bound(sizes) for sizes in problems]

    def mean(counts: list[int]) -> float:
        return math.fsum(n / bound - 1 for n, bound in zip(counts, bounds, strict=True)) / len(
            bounds
        )

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        answers = listed(answer, range(len(problems), len(problems) + 1), "packing")
        orders = [sorted(range(len(s)), key=lambda i, s=s: -s[i]) for s in problems]
        pairs = list(zip(problems, orders, strict=True))
        found = mean([used(sizes, given) for sizes, given in zip(problems, answers, strict=True)])
        return found, {
            "first_fit_decreasing": mean([packed(s, order, best=False) for s, order in pairs]),
            "best_fit_decreasing": mean([packed(s, order, best=True) for s, order in pairs]),
        }

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1])
