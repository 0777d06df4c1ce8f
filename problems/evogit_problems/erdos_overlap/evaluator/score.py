"""The overlap of a step function with its complement, exactly.

For n steps of height h in [0, 1] over [0, 2] with integral 1: the largest overlap over all shifts.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, numbers, report

MAX_STEPS = 400
SLACK = Fraction(1, 10**9)
"""How far from 1 the integral may be before it is scaled to 1 exactly: rounding, no more."""
DIGITS = 13
"""Heights are rounded to this many decimal digits before anything is computed."""


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The largest overlap: at a shift by whole steps, as it is linear in between."""
    heights = numbers(answer, range(2, MAX_STEPS + 1))
    integral = sum(heights) * Fraction(2, len(heights))
    if abs(integral - 1) > SLACK:
        raise InvalidAnswerError(f"the integral is {float(integral):.12g}, not 1")
    whole = [round(height * 10**DIGITS) for height in heights]
    n, total = len(whole), sum(whole)
    # Heights scaled to integral 1 are whole * n / (2 * total).
    if min(whole) < 0 or max(whole) * n > 2 * total:
        raise InvalidAnswerError("a height is not between 0 and 1")
    peak = max(overlap(whole, total, shift) for shift in range(1 - n, n))
    return float(Fraction(peak, 2 * total**2)), {"steps": float(n)}


def overlap(whole: list[int], total: int, shift: int) -> int:
    """The overlap with the complement moved by ``shift`` steps, times 2 * total ** 2."""
    n = len(whole)
    ours = whole[max(0, -shift) : min(n, n - shift)]
    theirs = whole[max(0, shift) : min(n, n + shift)]
    return 2 * total * sum(ours) - n * sum(map(int.__mul__, ours, theirs))


if __name__ == "__main__":
    report(judge)
