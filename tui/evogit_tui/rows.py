"""Which lines the graph shows, in which order: all individuals, or what filter, order and folds leave.

A lineage is dead if nothing in the population descends from it. It begins with an individual
whose first parent is not dead (or that has none), and is folded into one line as a whole.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from evogit.ids import CommitId
from evogit_tui.filters import Filter

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny
    from evogit_tui.model import Facts

Order = Literal["date", "generation", "fitness"]
ORDERS: Final[tuple[Order, ...]] = ("date", "generation", "fitness")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the human chose to see.

    Args:
        order: newest, highest generation or fittest first.
        filter: what an individual must be; ``None`` for anything.
        dead: whether dead lineages are shown at all.
        folded: roots of dead lineages that were folded.
        opened: roots that were unfolded; those of pruned lineages are folded otherwise.
    """

    order: Order = "date"
    filter: Filter | None = None
    dead: bool = True
    folded: frozenset[CommitId] = field(default_factory=frozenset[CommitId])
    opened: frozenset[CommitId] = field(default_factory=frozenset[CommitId])

    def plain(self, facts: Facts) -> bool:
        """Whether it shows every individual, newest first."""
        chosen = self.order == "date" and self.filter is None and self.dead
        return chosen and not self.folded and not facts.steering.pruned

    def fold(self, root: CommitId) -> Shape:
        """The same with a lineage folded."""
        return replace(self, folded=self.folded | {root}, opened=self.opened - {root})

    def unfold(self, root: CommitId) -> Shape:
        """The same with a lineage unfolded."""
        return replace(self, folded=self.folded - {root}, opened=self.opened | {root})


@dataclass(frozen=True, slots=True)
class Fold:
    """A dead lineage drawn as one line, in the place of its newest individual."""

    root: int
    newest: int
    size: int
    best: float | None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Lines of the graph, top first.

    ``items`` are individuals; one that stands for a whole lineage is in ``folds``. ``inside`` tells
    of every individual of such a lineage which one stands for it.
    """

    items: Sequence[int]
    folds: Mapping[int, Fold] = field(default_factory=dict[int, Fold])
    inside: Mapping[int, int] = field(default_factory=dict[int, int])

    def place(self, row: int) -> int | None:
        """The line of an individual, or of the lineage it is folded into; ``None`` if it has none."""
        try:
            return self.items.index(self.inside.get(row, row))
        except ValueError:
            return None


def arrange(phylogeny: Phylogeny, facts: Facts, shape: Shape) -> Arrangement:
    """The lines of a shape. Unless that is plain, this looks at every individual: do it in a thread."""
    total = facts.individuals
    if shape.plain(facts):
        return Arrangement(range(total - 1, -1, -1))
    alive = living(phylogeny, facts)
    rows = [row for row in range(total - 1, -1, -1) if alive[row] or shape.dead]
    if shape.filter is not None:
        accepts = shape.filter.accepts
        rows = [row for row in rows if accepts(phylogeny, row, alive=bool(alive[row]))]
    if shape.order != "date":
        return Arrangement(_sorted(phylogeny, rows, shape.order))
    return _folded(phylogeny, facts, shape, rows, alive)


def living(phylogeny: Phylogeny, facts: Facts) -> bytearray:
    """Per individual 1 if it is in the population or an ancestor of it, else 0."""
    alive = bytearray(facts.individuals)
    for row in facts.tips.values():
        alive[row] = not phylogeny.pruned(row)
    alive[0] = 1
    for row in range(facts.individuals - 1, 0, -1):
        if alive[row]:
            for parent in phylogeny.parents(row):
                alive[parent] = 1
    return alive


def dead_root(phylogeny: Phylogeny, alive: bytearray, row: int) -> int | None:
    """The first individual of the dead lineage that ``row`` belongs to; ``None`` if it is alive."""
    if alive[row]:
        return None
    while (parent := phylogeny.parents(row)[0]) and not alive[parent]:
        row = parent
    return row


def _sorted(phylogeny: Phylogeny, rows: list[int], order: Order) -> array[int]:
    if order == "generation":
        return array("I", sorted(rows, key=phylogeny.generation, reverse=True))
    fitness = (phylogeny.fitness(row) for row in rows)
    keys = [(-math.inf if math.isnan(found) else found) for found in fitness]
    order_of = sorted(range(len(rows)), key=keys.__getitem__, reverse=True)
    return array("I", [rows[place] for place in order_of])


def _folded(
    phylogeny: Phylogeny, facts: Facts, shape: Shape, rows: list[int], alive: bytearray
) -> Arrangement:
    roots = _folded_roots(phylogeny, facts, shape, alive)
    if not roots:
        return Arrangement(array("I", rows))
    root_of = array("i", [-1]) * facts.individuals
    for row in range(1, facts.individuals):
        parent = 0 if alive[row] else phylogeny.parents(row)[0]
        if row in roots:
            root_of[row] = row
        elif not alive[row]:
            root_of[row] = root_of[parent]
    items = array("I")
    members: dict[int, list[int]] = {}
    for row in rows:
        root = root_of[row]
        if root < 0 or root not in members:
            items.append(row)
        if root >= 0:
            members.setdefault(root, []).append(row)
    folds = {found[0]: _fold(phylogeny, root, found) for root, found in members.items()}
    inside = {row: found[0] for found in members.values() for row in found}
    return Arrangement(items, folds, inside)


def _fold(phylogeny: Phylogeny, root: int, rows: list[int]) -> Fold:
    scored = [row for row in rows if phylogeny.score(row) is not None]
    best = max(scored, key=phylogeny.fitness, default=None)
    return Fold(root, rows[0], len(rows), None if best is None else phylogeny.score(best))


def _folded_roots(
    phylogeny: Phylogeny, facts: Facts, shape: Shape, alive: bytearray
) -> frozenset[int]:
    """Roots of the lineages to fold: those chosen, and those of pruned individuals by default."""
    chosen = [commit for commit in shape.folded if commit in phylogeny]
    pruned = [commit for commit in facts.steering.pruned if commit in phylogeny]
    found: set[int] = set()
    for commit in (*chosen, *pruned):
        root = dead_root(phylogeny, alive, phylogeny.index(commit))
        if root is not None and phylogeny.commit(root) not in shape.opened:
            found.add(root)
    return frozenset(found)
