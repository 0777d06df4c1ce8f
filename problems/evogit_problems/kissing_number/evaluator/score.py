"""How many spheres touch a central one in eleven dimensions, exactly.

The answer is a list of integer vectors: spheres of radius max|a|/2 around them touch the one around 0
and do not overlap if the smallest distance between two of them is no less than the largest norm.
All spheres are then moved onto the common radius, which only brings them further apart.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, report, rows

DIMENSIONS = 11
MAX_VECTORS = 1000
MAX_COORDINATE = 10**15


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The number of vectors."""
    given = rows(answer, range(1, MAX_VECTORS + 1), DIMENSIONS, "vector")
    vectors = [[whole(value) for value in row] for row in given]
    norms = [sum(x * x for x in vector) for vector in vectors]
    longest = max(norms)
    if min(norms) == 0:
        raise InvalidAnswerError("a vector is zero")
    for i, a in enumerate(vectors):
        for j in range(i):
            product = sum(map(int.__mul__, a, vectors[j]))
            if norms[i] + norms[j] - 2 * product < longest:
                raise InvalidAnswerError(f"vectors {j} and {i} are closer than the longest is long")
    return float(len(vectors)), {"norm": float(longest)}


def whole(value: Fraction) -> int:
    """A coordinate as an integer.

    Raises:
        InvalidAnswerError: it is none, or too large.
    """
    if value.denominator != 1 or abs(value) > MAX_COORDINATE:
        raise InvalidAnswerError(f"{str(value)[:40]} is no integer of sensible size")
    return value.numerator


if __name__ == "__main__":
    report(judge)
