"""Read-only sequences over the ledger that fetch full records from git only when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

from evogit.errors import NotFoundError, UserError
from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.outcome import Outcome, Quarantined
from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import Ledger
from evogit.phylogeny.messages import record_of
from evogit.phylogeny.reading import read_commit
from evogit.records import Evaluation, Record, load


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """The numbers of one attempt; ``entry`` is its journal entry, for the rest."""

    entry: CommitId
    agent: str
    operator: str
    step: int
    offspring: CommitId | None
    tokens: int
    cost_usd: float
    seconds: float
    time: float


def read_record(git: GitRepository, entry: bytes) -> Record | None:
    """The record of a journal entry, or ``None`` if the entry is gone or unreadable."""
    raw = read_commit(git, entry)
    if raw is None:
        return None
    try:
        return load(record_of(raw[4]))
    except (UserError, ValueError):
        return None


def read_evaluation(git: GitRepository, ledger: Ledger, row: int) -> Evaluation | None:
    """The evaluation of a row as it counts now, or ``None`` if its entry can not be read.

    What was held counts as scored once it is released, and its time is the one it counts at.
    """
    record = read_record(git, ledger.entry(row))
    if not isinstance(record, Evaluation):
        return None
    return replace(record, outcome=let_go(ledger, row, record.outcome), time=ledger.times[row])


def let_go(ledger: Ledger, row: int, outcome: Outcome) -> Outcome:
    """``outcome``, or what was measured if it was held and is released now."""
    held = outcome.held if isinstance(outcome, Quarantined) else None
    return held if held is not None and ledger.counts(row) else outcome


class EvaluationLog(Sequence[Evaluation]):
    """Evaluations by this evaluator and environment, in order; each is read when it is indexed.

    Raises:
        NotFoundError: on access, when a journal entry has vanished from the repository.
    """

    def __init__(self, git: GitRepository, ledger: Ledger) -> None:
        self._git = git
        self._ledger = ledger
        self._rows = ledger.order()[:]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Evaluation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Evaluation]: ...
    def __getitem__(self, index: int | slice) -> Evaluation | Sequence[Evaluation]:
        if isinstance(index, slice):
            return [self._read(row) for row in self._rows[index]]
        return self._read(self._rows[index])

    def _read(self, row: int) -> Evaluation:
        record = read_evaluation(self._git, self._ledger, row)
        if record is None:
            raise NotFoundError(
                f"journal entry {self._ledger.entry(row).hex()} can not be read any more",
                hint="evogit doctor says what is wrong with the repository",
            )
        return record


class AttemptLog(Sequence[AttemptRow]):
    """One agent's attempts in order, from the columns."""

    def __init__(self, ledger: Ledger, agent: str) -> None:
        self._ledger = ledger
        self._rows = ledger.attempt_rows(agent)[:]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> AttemptRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AttemptRow]: ...
    def __getitem__(self, index: int | slice) -> AttemptRow | Sequence[AttemptRow]:
        if isinstance(index, slice):
            return [self._row(row) for row in self._rows[index]]
        return self._row(self._rows[index])

    def _row(self, row: int) -> AttemptRow:
        ledger = self._ledger
        offspring = ledger.attempt_offspring[row * ID_BYTES : (row + 1) * ID_BYTES]
        return AttemptRow(
            entry=CommitId(ledger.attempt_entry(row).hex()),
            agent=ledger.names.names[ledger.attempt_agents[row]],
            operator=ledger.names.names[ledger.attempt_operators[row]],
            step=ledger.attempt_steps[row],
            offspring=CommitId(offspring.hex()) if any(offspring) else None,
            tokens=ledger.attempt_tokens[row],
            cost_usd=ledger.attempt_costs[row],
            seconds=ledger.attempt_seconds[row],
            time=ledger.attempt_times[row],
        )
