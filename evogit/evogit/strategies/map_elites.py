"""MAP-Elites: parents are the fittest of their kind, for many kinds of individuals.

Mouret and Clune, "Illuminating search spaces by mapping elites", arXiv 1504.04909, 2015.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final

from evogit.errors import ConfigError
from evogit.genome.measures import NAMES, squash
from evogit.ids import CommitId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.archive import Grid, Voronoi, tessellate
from evogit.strategies.common import improves, option, recombined
from evogit.strategies.elites import Elites

_NUMBER: Final = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_AXIS: Final = re.compile(rf"([A-Za-z_][\w.-]*)(?:\s+({_NUMBER})\s*\.\.\s*({_NUMBER}))?")
_MOST_AXES: Final = 16


@dataclass(frozen=True, slots=True)
class Axis:
    """One measure, and the range that the niches divide; beyond it lie the outermost niches."""

    name: str
    low: float
    high: float

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        if self.low == self.high:
            return squash(self.name, value)
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


class MapElites:
    """Every niche of a space of behaviour keeps its fittest individual; any of these has offspring.

    Args:
        measures: up to 16 axes, such as ``"size, depth"`` or ``"seconds 0..10, branches"``. Of the
            code, as differences from the base: ``size`` (bytes), ``lines``, ``depth``, ``branches``,
            ``loops``, ``calls``, ``functions``, ``numbers``. Any other name is a metric of the
            evaluation and needs a range. Up to three make a grid, more Voronoi cells.
        niches: about how many.
        window: how many of the newest individuals may be elites.
        cross: chance of recombining two elites by the agent's own operator.
        merge: chance of merging them.
    """

    def __init__(
        self,
        *,
        measures: object = "size, depth",
        niches: object = 100,
        window: object = 5000,
        cross: object = 0.15,
        merge: object = 0.05,
    ) -> None:
        self._axes = _parsed(measures)
        self._niches = int(option("niches", niches, 2, 10_000))
        window = int(option("window", window, 1, 10**6))
        self._cross = option("cross", cross, 0, 1)
        self._merge = option("merge", merge, 0, 1)
        self._elites = Elites(self.niche, window)

    @cached_property
    def _cells(self) -> Grid | Voronoi:
        return tessellate(self._niches, len(self._axes))

    def niche(self, phylogeny: Phylogeny, row: int) -> int | None:
        """The niche of an individual; ``None`` if a metric is missing."""
        values = dict(phylogeny.measures.of(phylogeny.tree(row)))
        if any(axis.name not in NAMES for axis in self._axes):
            outcome = phylogeny.outcome(row)
            values |= outcome.metrics if isinstance(outcome, Scored) else {}
        if any(axis.name not in values for axis in self._axes):
            return None
        return self._cells.niche(tuple(axis.place(values[axis.name]) for axis in self._axes))

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Choose two elites, all alike likely; merge, cross, or mutate the first."""
        del agent
        elites = list(self._elites.all(phylogeny).values()) or [0]
        first, second = random.choice(elites), random.choice(elites)
        return recombined(
            phylogeny, (first, second), cross=self._cross, merge=self._merge, random=random
        )

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Not worse than the agent's tip: branches show the best, niches are in the phylogeny."""
        del random
        return improves(phylogeny, agent, offspring, outcome)


def _parsed(measures: object) -> tuple[Axis, ...]:
    words = [word.strip() for word in str(measures).split(",")]
    axes = [_axis(word) for word in words]
    if len(axes) > _MOST_AXES or len({axis.name for axis in axes}) != len(axes):
        raise ConfigError(
            f"search.options.measures is {measures!r}", hint=f"name up to {_MOST_AXES}, each once"
        )
    return tuple(axes)


def _axis(word: str) -> Axis:
    found = _AXIS.fullmatch(word)
    if found is None:
        raise ConfigError(
            f"search.options.measures names {word!r}", hint='write "size, depth, seconds 0..10"'
        )
    name, low, high = found.groups()
    if low is None:
        if name not in NAMES:
            raise ConfigError(
                f"search.options.measures gives no range for {name!r}",
                hint=f'write "{name} 0..10"; without a range: {", ".join(NAMES)}',
            )
        return Axis(name, 0.0, 0.0)
    if float(low) >= float(high):
        raise ConfigError(f"search.options.measures: {word!r} is empty", hint="low before high")
    return Axis(name, float(low), float(high))
