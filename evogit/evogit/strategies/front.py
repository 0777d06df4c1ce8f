"""The front that nothing dominates, of all time, kept up to date at the cost of what is new."""

from __future__ import annotations

import threading
from collections.abc import Callable
from operator import ge
from weakref import ReferenceType, ref

from evogit.phylogeny.index import Phylogeny
from evogit.strategies.selection import eligible

Values = tuple[float, ...]
"""Of an individual, one for each objective; more is better."""


def dominates(a: Values, b: Values) -> bool:
    """Whether ``a`` is nowhere worse than ``b`` and somewhere better."""
    return a != b and all(map(ge, a, b))


class Front:
    """The individuals that none dominates; of equals the first. Thread-safe.

    A disposable view: what it answers depends on the phylogeny alone. An individual outside the front
    that is judged again is looked at by what was first known of it.

    Args:
        values: of an individual, or ``None`` if it lacks some.
    """

    def __init__(self, values: Callable[[Phylogeny, int], Values | None]) -> None:
        self._values = values
        self._of: ReferenceType[Phylogeny] | None = None
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._next = 0
        self._unjudged: list[int] = []
        self._known: dict[int, Values] = {}
        self._front: dict[int, Values] = {}

    def of(self, phylogeny: Phylogeny) -> dict[int, Values]:
        """Its members, each of which may be a parent."""
        with self._lock:
            if self._of is None or self._of() is not phylogeny:
                self._clear()
                self._of = ref(phylogeny)
            changed = [self._has_changed(phylogeny, row) for row in self._front]
            if any(changed):
                self._front = {}
                self._sort(phylogeny, list(self._known))
            self._sort(phylogeny, self._take(phylogeny))
            return dict(self._front)

    def _has_changed(self, phylogeny: Phylogeny, row: int) -> bool:
        """Whether a member was judged again, pruned or held; what is known of it is as it is now."""
        before, now = self._front[row], self._values(phylogeny, row)
        if now is None:
            del self._known[row]
        else:
            self._known[row] = now
        return now != before or not eligible(phylogeny, row)

    def _take(self, phylogeny: Phylogeny) -> list[int]:
        """Individuals that have values now and had none the last time."""
        last = len(phylogeny)
        new, self._unjudged = [*self._unjudged, *range(self._next, last)], []
        self._next = last
        found: list[int] = []
        for row in new:
            values = self._values(phylogeny, row)
            if values is not None:
                self._known[row] = values
                found.append(row)
            elif phylogeny.standing(row) in {"pending", "held"}:
                self._unjudged.append(row)
        return found

    def _sort(self, phylogeny: Phylogeny, rows: list[int]) -> None:
        for row in rows:
            values, front = self._known[row], self._front
            if any(values == other or dominates(other, values) for other in front.values()):
                continue
            if eligible(phylogeny, row):
                kept = {r: other for r, other in front.items() if not dominates(values, other)}
                self._front = kept | {row: values}
