"""Figures of a phylogeny, in the terms of population genetics.

All are computed from parents, scores and the order of the journals, and summed up by age, so any
clone computes the same to the last digit. What was distilled is no offspring of evolution: it has the
whole gain of another in one step from the base, and is left out of clades, selection and operators.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from statistics import fmean
from typing import Final

from evogit.analysis.gains import gain
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.order import age, by_age
from evogit.proposals import DISTILL, MERGE, RESOLVE

_MERGED: Final = frozenset({MERGE, RESOLVE, ""})
"""Operators of commits with two parents that are merges; a human's has none."""

DISTANCES: Final = ((0, 2), (3, 5), (6, 10), (11, 20), (21, 10**9))
"""Classes of distance between the parents of a merge, in generations since their common ancestor."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """An individual from which every lineage alive descends, and what it gained over its parent."""

    row: int
    gain: float


@dataclass(frozen=True, slots=True)
class Coalescence:
    """Where the lineages alive today come together.

    ``common`` is their newest common ancestor; ``depth`` how many generations the tips are beyond it,
    on average; ``sweeps`` are improvements among the ancestors of all, oldest first.
    """

    common: int
    tips: int
    depth: float
    sweeps: tuple[Sweep, ...]


@dataclass(frozen=True, slots=True)
class Clade:
    """All descendants of one of the base's offspring."""

    root: int
    size: int
    scored: int
    mean: float | None
    best: float | None


@dataclass(frozen=True, slots=True)
class Merges:
    """Merges whose parents were so far apart. ``better`` ones beat both parents."""

    nearest: int
    farthest: int
    merges: int
    scored: int
    better: int
    mean_gain: float | None
    """Against the fitter parent, over the scored ones."""


@dataclass(frozen=True, slots=True)
class Price:
    """The change of mean fitness from parents to offspring, split as Price did.

    ``change = selection + transmission`` holds exactly: selection is the covariance of fitness and
    number of offspring, over the mean number; transmission the mean change from parent to
    offspring. (Price, "Selection and covariance", Nature 227, 1970.) A child of two parents counts
    half for each.
    """

    parents: int
    offspring: int
    selection: float
    transmission: float

    @property
    def change(self) -> float:
        """Mean fitness of offspring minus mean fitness of all that could have been parents."""
        return self.selection + self.transmission


@dataclass(frozen=True, slots=True)
class Credit:
    """What one operator did. ``improved`` beat their fittest parent; ``records`` all before them.

    ``fruitless`` are attempts without an individual: a known tree, an answer that could not be used.
    """

    operator: str
    fruitless: int
    individuals: int
    scored: int
    improved: int
    records: int
    gained: float
    """Sum of the gains of those that improved, in fitness."""


def coalescence(phylogeny: Phylogeny) -> Coalescence:
    """Of the population as it is now."""
    tips = phylogeny.population()
    shared = sorted(_shared_ancestors(phylogeny, tips), key=lambda row: age(phylogeny, row))
    common = shared[-1]
    depth = fmean(phylogeny.generation(tip) - phylogeny.generation(common) for tip in tips)
    found = (gain(phylogeny, row) for row in shared)
    sweeps = tuple(Sweep(one.row, one.gain) for one in found if one is not None and one.gain > 0)
    return Coalescence(common, len(tips), depth, sweeps)


def _shared_ancestors(phylogeny: Phylogeny, tips: Sequence[int]) -> set[int]:
    """Individuals that are an ancestor of every tip, or the tip itself."""
    shared: set[int] | None = None
    for tip in tips:
        kin = phylogeny.ancestors(tip) | {tip}
        shared = kin if shared is None else shared & kin
    return shared or {0}


def clades(phylogeny: Phylogeny) -> list[Clade]:
    """The clades that start at the base's offspring, fittest first, of equal ones the oldest.

    A merge belongs to the clade of its first parent.
    """
    root = [0] * len(phylogeny)
    members = defaultdict[int, list[int]](list)
    for row in by_age(phylogeny)[1:]:
        parents = phylogeny.parents(row)
        root[row] = row if not parents or parents[0] == 0 else root[parents[0]]
        if not _distilled(phylogeny, row):
            members[root[row]].append(row)
    found = [_clade(phylogeny, row, rows) for row, rows in members.items()]
    return sorted(found, key=lambda clade: (clade.best is None, -(clade.best or 0.0)))


def _clade(phylogeny: Phylogeny, root: int, rows: Sequence[int]) -> Clade:
    fitness = [phylogeny.fitness(row) for row in rows if phylogeny.score(row) is not None]
    mean = fmean(fitness) if fitness else None
    return Clade(root, len(rows), len(fitness), mean, max(fitness) if fitness else None)


def merges(phylogeny: Phylogeny) -> list[Merges]:
    """Success of merges by how far their parents had grown apart."""
    found: dict[tuple[int, int], list[float | None]] = {bounds: [] for bounds in DISTANCES}
    for row in range(len(phylogeny)):
        parents = phylogeny.parents(row)
        if len(parents) > 1 and phylogeny.operator(row) in _MERGED:
            away = distance(phylogeny, parents[0], parents[1])
            bounds = next(b for b in DISTANCES if away <= b[1])
            one = gain(phylogeny, row)
            found[bounds].append(None if one is None else one.gain)
    return [_merges(bounds, made) for bounds, made in found.items() if made]


def distance(phylogeny: Phylogeny, a: int, b: int) -> int:
    """Generations from the farther of two individuals back to their common ancestor."""
    common = phylogeny.generation(phylogeny.merge_base(a, b))
    return max(phylogeny.generation(a), phylogeny.generation(b)) - common


def _merges(bounds: tuple[int, int], made: Sequence[float | None]) -> Merges:
    scored = [value for value in made if value is not None]
    better = sum(value > 0 for value in scored)
    mean = fmean(scored) if scored else None
    return Merges(*bounds, len(made), len(scored), better, mean)


def price(phylogeny: Phylogeny) -> Price | None:
    """Price's split with all scored individuals as parents; ``None`` without offspring."""
    rows = by_age(phylogeny)
    parents = [row for row in rows if phylogeny.score(row) is not None and _bred(phylogeny, row)]
    weights, changes = dict.fromkeys(parents, 0.0), dict.fromkeys(parents, 0.0)
    count = 0
    for child in rows[1:]:
        known = [p for p in phylogeny.parents(child) if p in weights]
        if phylogeny.score(child) is None or not known or _distilled(phylogeny, child):
            continue
        count += 1
        for parent in known:
            share = 1 / len(known)
            weights[parent] += share
            changes[parent] += share * (phylogeny.fitness(child) - phylogeny.fitness(parent))
    if not count:
        return None
    mean_weight = sum(weights.values()) / len(parents)
    mean = fmean(phylogeny.fitness(row) for row in parents)
    covariance = fmean(
        (weights[row] - mean_weight) * (phylogeny.fitness(row) - mean) for row in parents
    )
    transmission = fmean(changes.values()) / mean_weight
    return Price(len(parents), count, covariance / mean_weight, transmission)


def _distilled(phylogeny: Phylogeny, row: int) -> bool:
    return phylogeny.operator(row) == DISTILL


def _bred(phylogeny: Phylogeny, row: int) -> bool:
    """Whether an individual could be a parent: one that was distilled only if it is one."""
    return not _distilled(phylogeny, row) or bool(phylogeny.children(row))


def operator_credit(phylogeny: Phylogeny) -> list[Credit]:
    """What each operator contributed, by the sum of its gains."""
    rows, records = defaultdict[str, list[int]](list), _records(phylogeny)
    for row in by_age(phylogeny)[1:]:
        rows[phylogeny.operator(row) or "human"].append(row)
    fruitless = _fruitless(phylogeny)
    names = (rows.keys() | fruitless.keys()) - {DISTILL}
    found = [
        _credit(phylogeny, name, rows[name], records, fruitless.get(name, 0)) for name in names
    ]
    return sorted(found, key=lambda credit: (-credit.gained, credit.operator))


def _fruitless(phylogeny: Phylogeny) -> dict[str, int]:
    """Attempts without an individual, by operator; those without any such attempt are not in it."""
    activity = phylogeny.activity
    while activity.update():
        continue
    without = {
        name: total.attempts - total.offspring for name, total in activity.by_operator.items()
    }
    return {name: count for name, count in without.items() if count}


def _records(phylogeny: Phylogeny) -> set[int]:
    """Individuals that were the best of all judged so far; of those with one genome the oldest."""
    best, found = float("-inf"), set[int]()
    places = phylogeny.activity.places()
    rows = (
        row for row in places if phylogeny.score(row) is not None and not _distilled(phylogeny, row)
    )
    for row in sorted(rows, key=lambda row: (places[row], age(phylogeny, row))):
        if phylogeny.fitness(row) > best:
            best = phylogeny.fitness(row)
            found.add(row)
    return found


def _credit(
    phylogeny: Phylogeny, name: str, rows: Sequence[int], records: set[int], fruitless: int
) -> Credit:
    known = [one for one in (gain(phylogeny, row) for row in rows) if one is not None]
    better = [one.gain for one in known if one.gain > 0]
    return Credit(
        operator=name,
        fruitless=fruitless,
        individuals=len(rows),
        scored=len(known),
        improved=len(better),
        records=sum(row in records for row in rows),
        gained=fsum(better),
    )
