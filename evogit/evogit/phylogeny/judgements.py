"""How trees were judged, read from the journals: outcomes, single evaluations, records."""

from __future__ import annotations

import math
from typing import Final

from evogit.git.repository import GitRepository
from evogit.outcome import Outcome, Scored
from evogit.phylogeny import views
from evogit.phylogeny.ledger import COUNTED, SCORED
from evogit.phylogeny.state import State
from evogit.records import Evaluation

_OUTCOMES_KEPT: Final = 4096


class Judgements:
    """A view of one state; call it under the lock of the phylogeny it belongs to."""

    def __init__(self, git: GitRepository, state: State) -> None:
        self._git = git
        self._state = state
        self._outcomes: dict[int, Outcome] = {}

    def outcome(self, genome: int) -> Outcome | None:
        """See ``Phylogeny.outcome``."""
        row = self._state.ledger.judge(genome)
        if row is None:
            return None
        found = self._read(row)
        found = found and views.let_go(self._state.ledger, row, found)
        if self._state.genomes.statuses[genome] != SCORED:
            return found
        score = self._state.genomes.scores[genome]
        return Scored(score, found.metrics if isinstance(found, Scored) else {})

    def _read(self, row: int) -> Outcome | None:
        found = self._outcomes.get(row)
        if found is None:
            record = views.read_record(self._git, self._state.ledger.entry(row))
            if not isinstance(record, Evaluation):
                return None
            if len(self._outcomes) >= _OUTCOMES_KEPT:
                del self._outcomes[next(iter(self._outcomes))]
            found = self._outcomes[row] = record.outcome
        return found

    def evaluation(self, genome: int, seed: int, purpose: str) -> Evaluation | None:
        """See ``Phylogeny.evaluation``."""
        ledger = self._state.ledger
        for row in ledger.evaluations_of(genome):
            if ledger.seeds[row] == seed and ledger.names.names[ledger.purposes[row]] == purpose:
                return views.read_evaluation(self._git, ledger, row)
        return None

    def repeated(self) -> list[list[float]]:
        """See ``Phylogeny.repeated``."""
        ledger = self._state.ledger
        search, repeat = map(ledger.names.add, COUNTED)
        genomes = {
            ledger.genome_rows[row]
            for row, purpose in enumerate(ledger.purposes)
            if purpose == repeat
        }
        return [
            [
                ledger.scores[row]
                for row in ledger.evaluations_of(genome)
                if ledger.purposes[row] in (search, repeat) and ledger.counts(row)
            ]
            for genome in sorted(genomes)
        ]

    def best_so_far(self) -> list[tuple[int, float]]:
        """See ``Phylogeny.best_so_far``."""
        ledger, sign = self._state.ledger, self._state.sign
        search = ledger.names.add("search")
        found: list[tuple[int, float]] = []
        best = -math.inf
        for place, row in enumerate(ledger.order()):
            if ledger.counts(row) and ledger.purposes[row] == search:
                score = ledger.scores[row]
                if score * sign > best:
                    best = score * sign
                    found.append((place, score))
        return found
