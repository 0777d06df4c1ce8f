"""Sum of the radii of circles that lie in the unit square and do not overlap, exactly.

The answer is a list of [x, y, radius] as decimal numbers; no tolerance is granted. How many circles there
must be is said on the command line.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, report, rows


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


def main(count: int) -> None:
    """Judge a packing of so many circles."""

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        circles = rows(answer, range(count, count + 1), 3, "circle")
        check(circles)
        radii = [r for _, _, r in circles]
        return float(sum(radii)), {"smallest": float(min(radii)), "largest": float(max(radii))}

    report(judge)


if __name__ == "__main__":
    main(int(sys.argv[1]))
