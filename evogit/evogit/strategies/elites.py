"""The elite of every niche, kept up to date with a phylogeny at the cost of what is new."""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable
from weakref import ReferenceType, ref

from evogit.phylogeny.index import Phylogeny
from evogit.strategies.selection import eligible

Niche = Callable[[Phylogeny, int], int | None]
"""The niche of a scored individual, or ``None`` if it has none."""


class Elites:
    """For every niche its scored individuals, fittest first. Thread-safe.

    A disposable view: what it answers depends on the phylogeny alone.

    Args:
        niche: sorts individuals into niches.
        window: only so many of the newest individuals are sorted.
    """

    def __init__(self, niche: Niche, window: int) -> None:
        self._niche = niche
        self._window = window
        self._of: ReferenceType[Phylogeny] | None = None
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._next = 0
        self._unjudged: list[int] = []
        self._ranked: dict[int, list[tuple[float, int]]] = {}

    def all(self, phylogeny: Phylogeny) -> dict[int, int]:
        """The elite of each niche that has one: the fittest that may be a parent."""
        with self._lock:
            if self._of is None or self._of() is not phylogeny:
                self._clear()
                self._of = ref(phylogeny)
            first = max(0, len(phylogeny) - self._window)
            self._take(phylogeny, first)
            found = ((niche, self._best(phylogeny, niche, first)) for niche in sorted(self._ranked))
            return {niche: row for niche, row in found if row is not None}

    def _take(self, phylogeny: Phylogeny, first: int) -> None:
        last = len(phylogeny)
        new = [*self._unjudged, *range(max(self._next, first), last)]
        self._next = last
        self._unjudged = []
        for row in new:
            if phylogeny.score(row) is not None:
                self._sort(phylogeny, row)
            elif row >= first and phylogeny.standing(row) != "failed":
                self._unjudged.append(row)

    def _sort(self, phylogeny: Phylogeny, row: int) -> None:
        niche = self._niche(phylogeny, row)
        if niche is not None:
            insort(self._ranked.setdefault(niche, []), (-phylogeny.fitness(row), row))

    def _best(self, phylogeny: Phylogeny, niche: int, first: int) -> int | None:
        ranked, place = self._ranked[niche], 0
        while place < len(ranked):
            key, row = ranked[place]
            if row < first or phylogeny.score(row) is None:
                del ranked[place]
            elif key != -phylogeny.fitness(row):  # judged again since
                del ranked[place]
                insort(ranked, (-phylogeny.fitness(row), row))
            elif eligible(phylogeny, row):
                return row
            else:
                place += 1
        return None
