"""Which individuals are out of the population: prune and restore, followed through the DAG.

What decisions add up to otherwise has its one home in ``evogit.steering.state``.
"""

from __future__ import annotations

from collections.abc import Callable

from evogit.ids import CommitId
from evogit.phylogeny.individuals import Individuals
from evogit.steering.state import Decisions


class Pruning:
    """Which individuals are out of the population.

    A prune takes an individual and all its descendants out; a later restore of an individual
    frees it, and its descendants as far as they were out because of it.
    """

    def __init__(self, decisions: Decisions, find: Callable[[CommitId], int | None]) -> None:
        self._prunes: dict[int, int] = {}
        self._restores: dict[int, int] = {}
        self._latest: list[int] = []
        self.unresolved = False
        """Whether a selected individual is not known yet: then this must be made again later."""
        for order, (_, decision) in enumerate(decisions, start=1):
            target = {"prune": self._prunes, "restore": self._restores}.get(decision.verb)
            for commit in decision.selects if target is not None else ():
                row = find(commit)
                if row is None:
                    self.unresolved = True
                elif target is not None:
                    target[row] = order

    def knows(self, row: int) -> bool:
        """Whether ``pruned`` only has to look up its answer, so that no lock is needed."""
        return not self._prunes or row < len(self._latest)

    def pruned(self, table: Individuals, row: int) -> bool:
        """Whether ``row`` is out; parents have lower rows, so one pass over new rows is enough."""
        if not self._prunes:
            return False
        for new in range(len(self._latest), len(table) if row >= len(self._latest) else 0):
            inherited = max((self._latest[p] for p in table.parents(new)), default=0)
            latest = max(inherited, self._prunes.get(new, 0))
            self._latest.append(0 if self._restores.get(new, 0) > latest else latest)
        return self._latest[row] > 0
