"""The smallest triangle among eleven points in a triangle, exactly.

Points are given in the triangle (0,0), (1,0), (0,1): ratios of areas are the same in every triangle.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, report, rows

COUNT = 11


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The smallest area over all triples, as a fraction of the whole triangle's."""
    points = rows(answer, range(COUNT, COUNT + 1), 2, "point")
    for i, (x, y) in enumerate(points):
        if x < 0 or y < 0 or x + y > 1:
            raise InvalidAnswerError(f"point {i} is outside the triangle")
    return float(min(areas(points))), {}


def areas(points: list[list[Fraction]]) -> list[Fraction]:
    """Areas of all triangles of three of the points, as fractions of the whole."""
    found: list[Fraction] = []
    for i, (ax, ay) in enumerate(points):
        for j in range(i):
            bx, by = points[j]
            for cx, cy in points[:j]:
                found.append(abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)))
    return found


if __name__ == "__main__":
    report(judge)
