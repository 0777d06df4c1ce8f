"""How much the distances between sixteen points in the plane differ, exactly.

The square of the largest distance over the square of the smallest; less is better.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, report, rows

COUNT = 16


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The ratio of squared distances."""
    points = rows(answer, range(COUNT, COUNT + 1), 2, "point")
    squares = [
        (ax - bx) ** 2 + (ay - by) ** 2
        for i, (ax, ay) in enumerate(points)
        for bx, by in points[:i]
    ]
    if min(squares) == 0:
        raise InvalidAnswerError("two points are the same")
    return ratio(max(squares), min(squares)), {}


def ratio(large: Fraction, small: Fraction) -> float:
    """Their quotient as a float.

    Raises:
        InvalidAnswerError: it is too large for one.
    """
    found = large / small
    if found > 10**12:
        raise InvalidAnswerError("two points are almost the same")
    return float(found)


if __name__ == "__main__":
    report(judge)
