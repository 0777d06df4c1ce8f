"""Exact tests and intervals for a few paired runs; nothing here assumes a distribution.

Scores may be infinite (a run without a score is worse than every other), never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Interval:
    """A median with bounds that hold it with at least the stated confidence."""

    low: float
    middle: float
    high: float


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Median with its order-statistics interval, which is exact for any distribution.

    The k-th smallest and k-th largest value hold the median with probability 1 - 2 P(B < k), B
    binomial with (n, 1/2). (David and Nagaraja, "Order Statistics", 3rd ed., 2003, section 7.1.)
    Below six values no bounds are good enough for 95 %: they are then infinite.

    Raises:
        ValueError: there are no values.
    """
    ordered, n = sorted(values), len(values)
    rank, tail = 0, 0
    while 2 * (tail + math.comb(n, rank)) <= (1 - confidence) * 2**n:
        tail += math.comb(n, rank)
        rank += 1
    if rank == 0:
        return Interval(-math.inf, _median(ordered), math.inf)
    return Interval(ordered[rank - 1], _median(ordered), ordered[n - rank])


def _median(ordered: Sequence[float]) -> float:
    """The median, where two middle values of opposite infinity give 0 and not NaN."""
    found = median(ordered)
    return 0.0 if math.isnan(found) else found


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours minus theirs, pair by pair; two equal infinities differ by 0."""
    return [0.0 if a == b else a - b for a, b in zip(ours, theirs, strict=True)]


def signed_rank_p(found: Sequence[float]) -> float:
    """Two-sided p of Wilcoxon's signed-rank test: is the median difference zero?

    Exact: the distribution of the rank sum over all 2^n equally likely signs, by dynamic
    programming. Ties share their mean rank; zeros are ranked and then left out. (Wilcoxon, "Individual
    comparisons by ranking methods", 1945; Pratt, "Remarks on zeros and ties in the Wilcoxon signed
    rank procedures", JASA 54, 1959.)

    Args:
        found: one difference per pair.
    """
    doubled = _doubled_ranks([abs(value) for value in found])
    ranks = [rank for rank, value in zip(doubled, found, strict=True) if value]
    ours = sum(rank for rank, value in zip(doubled, found, strict=True) if value > 0)
    total = sum(ranks)
    counts = [1] + [0] * total
    for rank in ranks:
        for place in range(total, rank - 1, -1):
            counts[place] += counts[place - rank]
    away = abs(2 * ours - total)
    extreme = sum(count for place, count in enumerate(counts) if abs(2 * place - total) >= away)
    return extreme / 2 ** len(ranks)


def _doubled_ranks(sizes: Sequence[float]) -> list[int]:
    """Ranks from 1 by size, times two, so that the mean rank of a tie is a whole number."""
    ordered = sorted(sizes)
    first = {size: place for place, size in reversed(list(enumerate(ordered, 1)))}
    last = {size: place for place, size in enumerate(ordered, 1)}
    return [first[size] + last[size] for size in sizes]


def smallest_p(pairs: int) -> float:
    """The smallest p that ``signed_rank_p`` can give for so many pairs."""
    return min(2.0 ** (1 - pairs), 1.0)


def holm(found: Sequence[float]) -> list[float]:
    """P values adjusted so that the chance of any false claim among them all keeps its level.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 1979.
    """
    order = sorted(range(len(found)), key=lambda i: found[i])
    adjusted, largest = [0.0] * len(found), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(found) - place) * found[i]))
        adjusted[i] = largest
    return adjusted


def superiority(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The chance that one of ours is larger than one of theirs, a tie counting half: A12.

    Vargha and Delaney, "A critique and improvement of the CL common language effect size
    statistics", J. Educ. Behav. Stat. 25, 2000. 0.5 is no effect; 0.56, 0.64 and 0.71 are called
    small, medium and large there.

    Raises:
        ZeroDivisionError: one of them is empty.
    """
    wins = sum((a > b) + (a == b) / 2 for a in ours for b in theirs)
    return wins / (len(ours) * len(theirs))
