"""Sum of the radii of circles that lie in the unit square and do not overlap, exactly.

The answer is a list of [x, y, radius] as decimal numbers; no tolerance is granted.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

from exact import InvalidAnswerError, report, rows

COUNT = 26


def check(circles: list[list[Fraction]]) -> None:
    """Refuse circles that leave the square or overlap.

    Raises:
        InvalidAnswerError: some do.
    """
    for i, (x, y, r) in enumerate(circles):
        if not (r >= 0 and r <= x <= 1 - r and r <= y <= 1 - r):
            raise InvalidAnswerError(f"circle {i} is not inside the square")
        for j, (other_x, other_y, other_r) in enumerate(circles[:i]):
            if (x - other_x) ** 2 + (y - other_y) ** 2 < (r + other_r) ** 2:
                raise InvalidAnswerError(f"circles {j} and {i} overlap")


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The score, and the smallest and largest radius."""
    circles = rows(answer, range(COUNT, COUNT + 1), 3, "circle")
    check(circles)
    radii = [r for _, _, r in circles]
    return float(sum(radii)), {"smallest": float(min(radii)), "largest": float(max(radii))}


if __name__ == "__main__":
    report(judge)
