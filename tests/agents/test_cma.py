"""The covariance matrix adaptation finds known minima in about the evaluations published for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from statistics import median

import pytest

from evogit_agents.genetic.tuning.cma import (
    FULL,
    Distribution,
    offspring_per_generation,
    start,
    update,
)

Function = Callable[[Sequence[float]], float]


def sphere(x: Sequence[float]) -> float:
    return math.fsum(v * v for v in x)


def ellipsoid(x: Sequence[float]) -> float:
    """Condition number 1e6."""
    return math.fsum(10 ** (6 * i / (len(x) - 1)) * v * v for i, v in enumerate(x))


def turned_ellipsoid(x: Sequence[float]) -> float:
    """The same, its axes no longer those of the coordinates: neighbours are turned by 45 degrees."""
    y = [*x]
    for i in range(len(y) - 1):
        y[i], y[i + 1] = (y[i] - y[i + 1]) / math.sqrt(2), (y[i] + y[i + 1]) / math.sqrt(2)
    return ellipsoid(y)


def rosenbrock(x: Sequence[float]) -> float:
    pairs = pairwise(x)
    return math.fsum(100 * (a * a - b) ** 2 + (a - 1) ** 2 for a, b in pairs)


def evaluations(
    function: Function, begin: Sequence[float], sigma: float, target: float, seed: int, most: int
) -> int:
    found, random, count = start(begin, sigma), Random(seed), 0
    while count < most:
        samples = [found.sample(random) for _ in range(offspring_per_generation(len(begin)))]
        for number, sample in enumerate(samples, 1):
            if function(sample) < target:
                return count + number
        count += len(samples)
        found = update(found, sorted(samples, key=function))
    return most


@pytest.mark.parametrize(
    ("function", "begin", "sigma", "at_most"),
    [
        (sphere, [1.0] * 10, 0.5, 2000),
        (ellipsoid, [1.0] * 10, 0.5, 6500),
        (turned_ellipsoid, [1.0] * 10, 0.5, 6500),
        (rosenbrock, [0.1] * 8, 0.5, 5000),
        (sphere, [1.0] * (FULL + 20), 0.5, 7000),
    ],
)
def test_known_minima_are_found_in_about_the_published_number_of_evaluations(
    function: Function, begin: list[float], sigma: float, at_most: int
) -> None:
    found = [evaluations(function, begin, sigma, 1e-9, seed, 2 * at_most) for seed in (1, 2, 3)]
    assert median(found) < at_most


def test_one_dimension_is_enough() -> None:
    assert evaluations(sphere, [3.0], 1.0, 1e-9, 1, 1000) < 400


def test_a_sample_far_away_shifts_the_mean_by_no_more_than_a_long_step() -> None:
    begin = start([0.0] * 5, 1.0)
    after = update(begin, [(1e6,) * 5, (0.1,) * 5, (0.0,) * 5, (0.0,) * 5])
    assert math.hypot(*after.mean) < math.sqrt(5) + 2
    assert after.sigma < 3


def test_the_distribution_is_a_function_of_its_samples() -> None:
    def run() -> Distribution:
        found, random = start([1.0, 2.0, 3.0], 1.0), Random(7)
        for _ in range(30):
            found = update(found, sorted((found.sample(random) for _ in range(7)), key=sphere))
        return found

    assert run() == run()


def test_the_shape_follows_the_function() -> None:
    found, random = start([1.0] * 4, 1.0), Random(3)
    for _ in range(120):
        found = update(found, sorted((found.sample(random) for _ in range(8)), key=ellipsoid))
    wide = found.deviations()
    assert wide[0] > 100 * wide[-1]
