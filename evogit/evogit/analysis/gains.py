"""Which step of a lineage gained what."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evogit.phylogeny.index import Phylogeny


@dataclass(frozen=True, slots=True)
class Gain:
    """One individual against its parents, in fitness (higher is better, the evaluator's unit)."""

    row: int
    parent: int
    """Its fittest parent."""
    before: float
    after: float

    @property
    def gain(self) -> float:
        """How much better it is than its fittest parent; negative if it is worse."""
        return self.after - self.before


def gain(phylogeny: Phylogeny, row: int) -> Gain | None:
    """What an individual gained; ``None`` if it or all its parents have no score."""
    scored = [p for p in phylogeny.parents(row) if phylogeny.score(p) is not None]
    if not scored or phylogeny.score(row) is None:
        return None
    parent = max(scored, key=phylogeny.fitness)
    return Gain(row, parent, phylogeny.fitness(parent), phylogeny.fitness(row))


def winning_lineage(phylogeny: Phylogeny, row: int) -> list[int]:
    """From ``row`` back to the base by the fittest parent of each, newest first.

    Unlike the first-parent chain it follows a merge into whichever side brought the fitness.
    """
    found = [row]
    while parents := phylogeny.parents(found[-1]):
        scored = [p for p in parents if phylogeny.score(p) is not None]
        found.append(max(scored, key=phylogeny.fitness) if scored else parents[0])
    return found


def gains(phylogeny: Phylogeny, row: int) -> list[Gain]:
    """The gains along the winning lineage of ``row``, oldest first.

    A step without a score is left out; the next one is then compared with the last scored before it,
    so that the gains add up to the whole difference between ``row`` and the base.
    """
    scored = [
        i for i in reversed(winning_lineage(phylogeny, row)) if phylogeny.score(i) is not None
    ]
    return [
        Gain(child, parent, phylogeny.fitness(parent), phylogeny.fitness(child))
        for parent, child in itertools.pairwise(scored)
    ]


def summed(found: Sequence[Gain], name: Callable[[int], str]) -> list[tuple[str, float, int]]:
    """(name, sum of gains, number of steps) by ``name`` of the individual, largest sum first."""
    sums, counts = defaultdict[str, float](float), defaultdict[str, int](int)
    for one in found:
        sums[name(one.row)] += one.gain
        counts[name(one.row)] += 1
    return sorted(((key, sums[key], counts[key]) for key in sums), key=lambda item: -item[1])
