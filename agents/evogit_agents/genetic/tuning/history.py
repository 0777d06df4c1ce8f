"""What was tried with the constants of a lineage, and the distribution that follows from it.

Nothing is remembered: every offspring by this operator is an individual whose constants can be read
from its file, so the distribution is replayed from the phylogeny whenever it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evogit.proposals import Genome, Past, Trial
from evogit_agents.genetic.tuning.cma import (
    Distribution,
    Vector,
    offspring_per_generation,
    start,
    update,
)
from evogit_agents.genetic.tuning.constants import Scale, Tunable, scale

OPERATOR: Final = "tune"
"""What offspring of this operator are recorded as; only they are samples."""

MOST_SAMPLES: Final = 1000
_PER_PARENT: Final = 400
_ANCESTORS: Final = 100

_COLLAPSED: Final = 1e-6
"""A deviation, in units of what is a sensible change at first, below which nothing is searched."""

_FAR: Final = 3.0
"""So many deviations a sample seldom is from the mean, as the search begins."""

_GROWTH: Final = 2
"""How much larger generations are after a new start: A. Auger and N. Hansen, "A restart CMA evolution
strategy with increasing population size", IEEE CEC 2005."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Constants that were tried, and what they were worth; larger is better, NaN failed."""

    texts: tuple[str, ...]
    worth: float


def samples(
    past: Past, parent: Genome, path: str, tunable: Tunable, sign: float
) -> tuple[tuple[str, ...], list[Sample], bytes]:
    """The constants where the lineage's tuning began, and what was tried since, oldest first.

    Last the file as it was before, empty if there is none.

    Args:
        past: asked for the lineage and its trials.
        parent: whose file at ``path`` is ``tunable``.
        path: of the file.
        tunable: the file.
        sign: -1 if a lower score is better, else 1.
    """
    own = tunable.texts(tunable.data) or ()
    search = _Search(path, tunable, sign)
    origin, found = own, list(_tried(past.trials(parent, _PER_PARENT), own, search))
    before = b""
    here = parent
    for ancestor in past.lineage(parent, _ANCESTORS):
        before = search.data(ancestor)
        texts = tunable.texts(before)
        if texts is None or len(found) > MOST_SAMPLES:
            break
        trials = past.trials(ancestor, _PER_PARENT)
        tuned = any(
            t.operator == OPERATOR and t.genome is not None and t.genome.commit == here.commit
            for t in trials
        )
        if not tuned and _leaps(tunable, texts, origin):
            break
        found += _tried(trials, texts, search)
        origin, here = texts, ancestor
    else:
        before = b""
    return origin, found[::-1], before


def replayed(
    scales: Scale, origin: Sequence[str], tried: Sequence[Sample], sigma: float = 1.0
) -> Distribution | None:
    """The distribution after all whole generations of ``tried``; ``None`` if it has no coordinates.

    Args:
        scales: of the constants.
        origin: where tuning began.
        tried: what was tried since, oldest first.
        sigma: how far it went at first, in units of the scales.
    """
    mean = scales.coordinates(origin)
    if mean is None:
        return None
    points = [(scales.coordinates(sample.texts), sample.worth) for sample in tried]
    left = [(x, worth) for x, worth in points if x is not None]
    found, size = start(mean, sigma), offspring_per_generation(len(mean))
    best: tuple[Vector, float] = (mean, math.nan)
    while len(left) >= size:
        ranked = sorted(left[:size], key=_rank)
        left = left[size:]
        if _rank(ranked[0]) < _rank(best):
            best = ranked[0]
        found = _after(found, ranked)
        if max(found.deviations()) < _COLLAPSED:
            found, size = start(best[0], 1.0), size * _GROWTH
    return found


def _leaps(tunable: Tunable, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a step by another operator went further than this search would in a generation."""
    scales = scale(tunable.places, before)
    one = scales.coordinates(before) if scales is not None else None
    other = scales.coordinates(after) if scales is not None else None
    return one is None or other is None or math.dist(one, other) > _FAR * math.sqrt(len(one))


def _after(found: Distribution, ranked: list[tuple[Vector, float]]) -> Distribution:
    if math.isnan(ranked[1][1]):
        return replace(found, sigma=found.sigma / 2)  # hardly anything works this far away
    return update(found, [x for x, _ in ranked])


def _rank(sample: tuple[Vector, float]) -> float:
    return math.inf if math.isnan(sample[1]) else -sample[1]


@dataclass(frozen=True, slots=True)
class _Search:
    """One file's constants, and the sign of a better score."""

    path: str
    tunable: Tunable
    sign: float

    def texts(self, genome: Genome) -> tuple[str, ...] | None:
        """A genome's constants; ``None`` if its file is not akin."""
        return self.tunable.texts(self.data(genome))

    def data(self, genome: Genome) -> bytes:
        """The file of a genome, empty if it has none."""
        try:
            return genome.read(self.path)
        except KeyError:
            return b""


def _tried(trials: Sequence[Trial], own: tuple[str, ...], search: _Search) -> Iterator[Sample]:
    """The judged samples among an individual's trials; with its ``own`` constants none is one.

    Such a trial changed another file: as a step of no length it would narrow the search.
    """
    for trial in trials:
        if trial.operator != OPERATOR or trial.genome is None:
            continue
        if trial.score is None and not trial.outcome:
            continue  # not judged yet
        texts = search.texts(trial.genome)
        if texts is not None and texts != own:
            yield Sample(texts, math.nan if trial.score is None else search.sign * trial.score)
