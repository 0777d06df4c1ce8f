"""The autoconvolution constant of a step function, exactly.

For n steps of height f over [-1/4, 1/4]: C1 = 2 n max(f * f) / (sum f)^2; less is better.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, numbers, report

MAX_STEPS = 600
DIGITS = 12
"""Heights are rounded to this many decimal digits of the largest before anything is computed: an
exact rule that keeps the arithmetic small."""


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The constant of the function with these heights."""
    heights = numbers(answer, range(1, MAX_STEPS + 1))
    if any(height < 0 for height in heights):
        raise InvalidAnswerError("the function is negative somewhere")
    largest = max(heights)
    if largest == 0:
        raise InvalidAnswerError("the function is zero")
    whole = [round(height / largest * 10**DIGITS) for height in heights]
    peak = max(convolved(whole))
    return float(Fraction(2 * len(whole) * peak, sum(whole) ** 2)), {"steps": float(len(whole))}


def convolved(values: list[int]) -> list[int]:
    """``values`` convolved with itself, by one product of large numbers."""
    bits = 2 * max(values).bit_length() + len(values).bit_length()
    packed = sum(value << (bits * place) for place, value in enumerate(values))
    square, mask = packed * packed, (1 << bits) - 1
    return [(square >> (bits * place)) & mask for place in range(2 * len(values) - 1)]


if __name__ == "__main__":
    report(judge)
