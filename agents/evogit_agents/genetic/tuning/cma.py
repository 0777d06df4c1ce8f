"""The evolution strategy with covariance matrix adaptation, as a value that is replayed from samples.

N. Hansen and A. Ostermeier, "Completely derandomized self-adaptation in evolution strategies",
Evolutionary Computation 9(2), 2001, with the parameters of N. Hansen, "The CMA evolution strategy: a
tutorial", arXiv 1604.00772, 2016 (positive weights only). Above ``FULL`` dimensions the covariance is a
diagonal: R. Ros and N. Hansen, "A simple modification in CMA-ES achieving linear time and space
complexity", PPSN 2008. A Cholesky factor takes the place of the eigendecomposition: O. Krause,
D. Arbonès and C. Igel, "CMA-ES with optimal covariance update and storage complexity", NIPS 2016.
Samples may come from elsewhere; a step longer than this distribution would make is shortened:
N. Hansen, "Injecting external solutions into CMA-ES", INRIA RR-7748, 2011.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from random import Random
from typing import Final

FULL: Final = 20
"""Up to so many dimensions correlations are learnt; beyond, that takes more samples than there are."""

Vector = tuple[float, ...]
Factor = tuple[Vector, ...]
"""A lower triangle row by row; a single row is the diagonal of a diagonal matrix."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A normal distribution, and the two paths that steer its size and its shape.

    ``covariance`` is its lower triangle row by row, or one row that is its diagonal.
    """

    mean: Vector
    sigma: float
    covariance: Factor
    factor: Factor
    path_sigma: Vector
    path_shape: Vector
    generation: int = 0

    def sample(self, random: Random) -> Vector:
        """A vector drawn from it."""
        steps = _times(self.factor, [random.gauss(0, 1) for _ in self.mean])
        return tuple(m + self.sigma * s for m, s in zip(self.mean, steps, strict=True))

    def deviations(self) -> Vector:
        """The standard deviation of every coordinate."""
        if _diagonal(self.covariance):
            variances = self.covariance[0]
        else:
            variances = tuple(row[-1] for row in self.covariance)
        return tuple(self.sigma * math.sqrt(v) for v in variances)


def start(mean: Sequence[float], sigma: float) -> Distribution:
    """A distribution with the same deviation ``sigma`` in all directions around ``mean``."""
    size = len(mean)
    if size <= FULL:
        unit = tuple(tuple(float(i == j) for j in range(i + 1)) for i in range(size))
    else:
        unit = ((1.0,) * size,)
    nothing = (0.0,) * size
    return Distribution(tuple(mean), sigma, unit, unit, nothing, nothing)


def offspring_per_generation(size: int) -> int:
    """How many samples ``update`` wants, by default, for so many dimensions."""
    return 4 + int(3 * math.log(size))


def update(old: Distribution, ranked: Sequence[Vector]) -> Distribution:
    """The distribution after a generation.

    Args:
        old: that the samples were drawn from, or nearly so.
        ranked: at least two samples, the best first.
    """
    rates = _rates(len(old.mean), len(ranked))
    steps = [_step(old, sample) for sample in ranked[: len(rates.weights)]]
    mean_step = [_dot(rates.weights, c) for c in zip(*steps, strict=True)]
    mean = tuple(m + old.sigma * s for m, s in zip(old.mean, mean_step, strict=True))
    whitened = _solve(old.factor, mean_step)
    path_sigma = _path(old.path_sigma, whitened, rates.c_sigma, rates.mass)
    length = math.hypot(*path_sigma)
    held = math.sqrt(1 - (1 - rates.c_sigma) ** (2 * (old.generation + 1)))
    moving = length / held < (1.4 + 2 / (len(mean) + 1)) * rates.expected
    path_shape = _path(
        old.path_shape, mean_step if moving else [0.0] * len(mean), rates.c_shape, rates.mass
    )
    lost = 0.0 if moving else rates.c_shape * (2 - rates.c_shape)
    covariance = _adapted(old.covariance, rates, path_shape, steps, lost)
    growth = min(1.0, rates.c_sigma / rates.damping * (length / rates.expected - 1))
    return Distribution(
        mean,
        old.sigma * math.exp(growth),
        covariance,
        _cholesky(covariance),
        path_sigma,
        path_shape,
        old.generation + 1,
    )


@dataclass(frozen=True, slots=True)
class _Rates:
    """The strategy parameters of the tutorial, table 1; ``mass`` is its mu_eff."""

    weights: Vector
    mass: float
    c_sigma: float
    damping: float
    c_shape: float
    c_one: float
    c_mu: float
    expected: float


@lru_cache(maxsize=64)
def _rates(size: int, samples: int) -> _Rates:
    raw = [math.log((samples + 1) / 2) - math.log(i) for i in range(1, samples // 2 + 1)]
    weights = tuple(w / math.fsum(raw) for w in raw)
    mass = 1 / math.fsum(w * w for w in weights)
    c_sigma = (mass + 2) / (size + mass + 5)
    c_one = 2 / ((size + 1.3) ** 2 + mass)
    c_mu = min(1 - c_one, 2 * (mass - 2 + 1 / mass) / ((size + 2) ** 2 + mass))
    if size > FULL:
        faster = (size + 2) / 3
        c_one = min(0.5, c_one * faster)
        c_mu = min(1 - c_one, c_mu * faster)
    return _Rates(
        weights=weights,
        mass=mass,
        c_sigma=c_sigma,
        damping=1 + 2 * max(0.0, math.sqrt((mass - 1) / (size + 1)) - 1) + c_sigma,
        c_shape=(4 + mass / size) / (size + 4 + 2 * mass / size),
        c_one=c_one,
        c_mu=c_mu,
        expected=math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size * size)),
    )


def _step(old: Distribution, sample: Vector) -> list[float]:
    """From the mean to the sample in units of sigma, shortened to what the distribution would do."""
    step = [(x - m) / old.sigma for x, m in zip(sample, old.mean, strict=True)]
    size = len(step)
    longest = math.sqrt(size) + 2 * size / (size + 2)
    length = math.hypot(*_solve(old.factor, step))
    return step if length <= longest else [s * longest / length for s in step]


def _path(old: Vector, step: Sequence[float], rate: float, mass: float) -> Vector:
    gain = math.sqrt(rate * (2 - rate) * mass)
    return tuple((1 - rate) * p + gain * s for p, s in zip(old, step, strict=True))


def _adapted(
    old: Factor, rates: _Rates, path: Vector, steps: Sequence[Sequence[float]], lost: float
) -> Factor:
    """The covariance after the rank-one update along ``path`` and the rank-mu update by ``steps``."""
    keep = 1 - rates.c_one * (1 - lost) - rates.c_mu
    sides = [path, *steps]
    shares = [rates.c_one, *(rates.c_mu * w for w in rates.weights)]
    columns = list(zip(*sides, strict=True))
    if _diagonal(old):
        gains = (_dot(shares, map(mul, c, c)) for c in columns)
        return (tuple(keep * v + g for v, g in zip(old[0], gains, strict=True)),)
    rows: list[Vector] = []
    for row, column in zip(old, columns, strict=True):
        weighted = list(map(mul, shares, column))
        rows.append(tuple(keep * v + _dot(weighted, columns[j]) for j, v in enumerate(row)))
    return tuple(rows)


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    return sum(map(mul, one, other))


def _diagonal(matrix: Factor) -> bool:
    return len(matrix) == 1


def _cholesky(matrix: Factor) -> Factor:
    """The lower triangle whose product with its transpose is ``matrix``; rounding is held positive."""
    if _diagonal(matrix):
        return (tuple(math.sqrt(max(v, 1e-30)) for v in matrix[0]),)
    rows: list[list[float]] = []
    for i, given in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            row.append((given[j] - _dot(row, rows[j][:j])) / rows[j][j])
        row.append(math.sqrt(max(given[i] - _dot(row, row), 1e-14 * given[i], 1e-30)))
        rows.append(row)
    return tuple(map(tuple, rows))


def _times(factor: Factor, vector: Sequence[float]) -> list[float]:
    if _diagonal(factor):
        return list(map(mul, factor[0], vector))
    return [_dot(row, vector[: len(row)]) for row in factor]


def _solve(factor: Factor, vector: Sequence[float]) -> list[float]:
    """What ``_times`` takes to ``vector``."""
    if _diagonal(factor):
        return [v / f for f, v in zip(factor[0], vector, strict=True)]
    found: list[float] = []
    for row, value in zip(factor, vector, strict=True):
        found.append((value - _dot(row[:-1], found)) / row[-1])
    return found
