"""How many products a scheme for 2x4 times 4x5 matrices needs, checked exactly.

The answer is a list of products [u, v, w]: u has a coefficient for each of the 8 entries of A (row by
row), v for each of the 20 of B, w for each of the 10 of C = A B. Summed over the products,
u[a] v[b] w[c] must be 1 where A's entry a times B's entry b is part of C's entry c, and 0 elsewhere.
Coefficients are multiples of 1/2: with arbitrary ones a border rank could pass for a rank.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, listed, numbers, report

N, M, P = 2, 4, 5
SIZES = (N * M, M * P, N * P)
MAX_PRODUCTS = 100
MAX_COEFFICIENT = 1000


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The number of products."""
    products = [product(found) for found in listed(answer, range(1, MAX_PRODUCTS + 1), "product")]
    for a in range(SIZES[0]):
        for b in range(SIZES[1]):
            for c in range(SIZES[2]):
                # Coefficients are doubled, so that everything is whole: their products are 8 times as large.
                if sum(u[a] * v[b] * w[c] for u, v, w in products) != 8 * part(a, b, c):
                    raise InvalidAnswerError(
                        f"wrong in entry {c} of C for entries {a} of A and {b} of B"
                    )
    return float(len(products)), {}


def part(a: int, b: int, c: int) -> int:
    """1 if A's entry a times B's entry b is part of C's entry c, else 0."""
    return int(a // M == c // P and a % M == b // P and b % P == c % P)


def product(found: Any) -> list[list[int]]:
    """The three lists of doubled coefficients of one product.

    Raises:
        InvalidAnswerError: they are anything else.
    """
    factors = listed(found, range(len(SIZES), len(SIZES) + 1), "factor")
    return [
        [doubled(value) for value in numbers(row, range(size, size + 1))]
        for row, size in zip(factors, SIZES, strict=True)
    ]


def doubled(value: Fraction) -> int:
    """Twice a coefficient.

    Raises:
        InvalidAnswerError: that is no integer of sensible size.
    """
    twice = value * 2
    if twice.denominator != 1 or abs(twice) > MAX_COEFFICIENT:
        raise InvalidAnswerError(f"{str(value)[:40]} is no multiple of 1/2 of sensible size")
    return twice.numerator


if __name__ == "__main__":
    report(judge)
