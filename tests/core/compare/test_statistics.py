"""Exact tests: published values, and laws that hold for any numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.compare.statistics import (
    differences,
    holm,
    median_interval,
    signed_rank_p,
    smallest_p,
    superiority,
)

# Charles Darwin's cross- and self-fertilised maize, in eighths of an inch (Fisher, "The Design of
# Experiments", 1935, section 17); the exact p is in the documentation of R and SciPy.
DARWIN = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]

few = st.lists(st.integers(-6, 6).map(float), min_size=1, max_size=9)


def ranks_up_to(n: int, negative: Sequence[int]) -> list[float]:
    return [-rank if rank in negative else rank for rank in map(float, range(1, n + 1))]


@pytest.mark.parametrize(
    ("n", "negative", "one_sided"),
    [  # Hollander and Wolfe, "Nonparametric Statistical Methods", table A.4: P(T+ >= x)
        (5, (), 0.031),
        (6, (1,), 0.031),
        (8, (3, 2), 0.039),
        (10, (8,), 0.024),
        (12, (1, 12), 0.021),
        (15, (10, 15), 0.024),
    ],
)
def test_p_is_that_of_the_published_tables(
    n: int, negative: tuple[int, ...], one_sided: float
) -> None:
    assert signed_rank_p(ranks_up_to(n, negative)) / 2 == pytest.approx(one_sided, abs=0.0005)


def test_darwins_maize_gives_the_p_that_other_programs_give() -> None:
    assert signed_rank_p([float(value) for value in DARWIN]) == 0.041259765625


@given(few)
def test_p_is_the_share_of_all_signs_that_are_as_extreme(values: list[float]) -> None:
    sizes = [abs(value) for value in values]
    rank = {
        size: (sum(s < size for s in sizes) + sum(s <= size for s in sizes) + 1) / 2
        for size in sizes
    }

    def away(signs: Sequence[float]) -> float:
        return abs(
            sum(
                math.copysign(rank[size], sign)
                for size, sign in zip(sizes, signs, strict=True)
                if size
            )
        )

    every = list(itertools.product((-1.0, 1.0), repeat=len(values)))
    share = sum(away(signs) >= away(values) - 1e-9 for signs in every) / len(every)
    assert signed_rank_p(values) == pytest.approx(share)


@given(few, st.randoms(use_true_random=False))
def test_p_does_not_depend_on_the_order_of_pairs_or_on_which_arm_is_ours(
    values: list[float], random: Random
) -> None:
    shuffled = random.sample(values, len(values))
    assert signed_rank_p(values) == signed_rank_p(shuffled)
    assert signed_rank_p(values) == signed_rank_p([-value for value in values])


@given(few)
def test_p_depends_on_the_order_of_sizes_alone_so_infinite_ones_are_just_the_largest(
    values: list[float],
) -> None:
    largest = max(abs(value) for value in values)
    stretched = [
        math.copysign(math.inf, value) if value and abs(value) == largest else value
        for value in values
    ]
    assert signed_rank_p(stretched) == signed_rank_p(values)


def test_nothing_but_zeros_gives_p_1() -> None:
    assert signed_rank_p([0.0] * 7) == 1
    assert signed_rank_p([]) == 1


@pytest.mark.parametrize("n", [1, 4, 10])
def test_no_data_gives_a_smaller_p_than_the_smallest(n: int) -> None:
    assert signed_rank_p([float(i + 1) for i in range(n)]) == smallest_p(n)


def test_among_equal_arms_a_p_below_a_level_is_at_most_as_frequent_as_the_level() -> None:
    sizes = [0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0]
    every = itertools.product((-1, 1), repeat=len(sizes))
    found = [signed_rank_p([s * x for s, x in zip(signs, sizes, strict=True)]) for signs in every]
    for level in (0.01, 0.05, 0.2):
        assert sum(p <= level for p in found) <= level * len(found)


@pytest.mark.parametrize(
    ("n", "rank"), [(6, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8)]
)
def test_the_interval_of_a_median_has_the_published_ranks(n: int, rank: int) -> None:
    # Conover, "Practical Nonparametric Statistics", 3rd ed.: table A3 with p = 1/2.
    found = median_interval([float(i) for i in range(1, n + 1)])
    assert (found.low, found.high) == (rank, n + 1 - rank)
    assert found.middle == (n + 1) / 2


def test_fewer_than_six_values_bound_no_median() -> None:
    found = median_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (found.low, found.middle, found.high) == (-math.inf, 3, math.inf)


def test_half_the_runs_without_a_score_on_each_side_are_no_nan() -> None:
    assert median_interval([-math.inf, math.inf]).middle == 0
    assert differences([-math.inf, 1.0], [-math.inf, -math.inf]) == [0, math.inf]


def test_holm_gives_the_values_of_r() -> None:
    # What its p.adjust says.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_never_makes_a_p_smaller_or_greater_than_bonferroni(
    found: list[float],
) -> None:
    adjusted = holm(found)
    for p, q in zip(found, adjusted, strict=True):
        assert p <= q <= min(1.0, p * len(found)) + 1e-12
    pairs = sorted(zip(found, adjusted, strict=True))
    assert [q for _, q in pairs] == sorted(adjusted)


def test_superiority_is_the_share_of_pairs_won() -> None:
    assert superiority([3, 4], [1, 2]) == 1
    assert superiority([1, 3], [2, 3]) == pytest.approx((0 + 0 + 1 + 0.5) / 4)


@given(few, few)
def test_superiority_of_ours_and_theirs_add_up_to_one(a: list[float], b: list[float]) -> None:
    assert superiority(a, b) + superiority(b, a) == pytest.approx(1)
