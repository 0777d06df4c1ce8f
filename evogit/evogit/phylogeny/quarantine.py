"""What of a phylogeny is held for a human, was released, or waits to be judged after a release."""

from __future__ import annotations

import threading

from evogit.git.repository import GitRepository
from evogit.ids import TreeId
from evogit.phylogeny.ledger import COUNTED, QUARANTINE, UNMEASURED
from evogit.phylogeny.state import State
from evogit.phylogeny.views import read_record
from evogit.records import Evaluation


class Quarantine:
    """A view of one phylogeny, as fresh as that is. Thread-safe."""

    def __init__(self, git: GitRepository, state: State, lock: threading.RLock) -> None:
        self._git = git
        self._state = state
        self._lock = lock

    def holds(self, i: int) -> bool:
        """Whether individual ``i`` is held: it is in no population and has no score."""
        genome = self._state.individuals.tree_rows[i]
        held = self._state.genomes.statuses[genome] in QUARANTINE
        return held and genome not in self._state.ledger.released

    def released(self, tree: TreeId) -> bool:
        """Whether a human released an individual with this tree, and did not undo it."""
        genome = self._state.genomes.ids.rows.get(bytes.fromhex(tree))
        return genome is not None and genome in self._state.ledger.released

    def unmeasured(self) -> list[int]:
        """Released individuals that were never run, the first of each tree: to be judged now."""
        with self._lock:
            state, found = self._state, dict[int, int]()
            waiting = {g for g in state.ledger.released if state.genomes.statuses[g] == UNMEASURED}
            for row, genome in enumerate(state.individuals.tree_rows) if waiting else ():
                if genome in waiting:
                    found.setdefault(genome, row)
            return list(found.values())

    def evaluations(self) -> list[Evaluation]:
        """Every evaluation that ended in quarantine, as recorded, released or not, in order.

        Read from git. Of one genome only the newest counts: a release had it measured.
        """
        with self._lock:
            ledger = self._state.ledger
            rows = [row for row in ledger.order() if ledger.statuses[row] in QUARANTINE]
            latest = {
                ledger.genome_rows[row]: row
                for row in rows
                if ledger.names.names[ledger.purposes[row]] in COUNTED
            }
            records = [read_record(self._git, ledger.entry(row)) for row in latest.values()]
        return [record for record in records if isinstance(record, Evaluation)]
