"""What agents did and what it cost, summed up as records arrive; and where an evaluation stands.

Everything is counted from the ledger's columns, so taking in what is new costs microseconds for
each new attempt.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.outcome import Scored, describe
from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import COUNTED, SCORED
from evogit.phylogeny.state import State
from evogit.phylogeny.views import read_record
from evogit.records import Attempt, Evaluation
from evogit.text import clean_line

_Key = TypeVar("_Key", str, int)

Result = Literal["improved", "no gain", "failed", "no offspring", "waiting"]
"""How an attempt ended: its offspring is better than all its parents, is not, has no score, was
not made (or was known already), or is not judged yet."""

NO_MODEL: Final = "without a model"
"""Whose attempts asked none, among the models."""
_NO_ID: Final = bytes(ID_BYTES)
_RECENT: Final = 16
_MINUTE: Final = 60.0
_DAY: Final = 86400


_COUNTED: Final = re.compile(r" \([^()]*\)$|\d+")


def _alike(words: str) -> str:
    """What attempts that failed for one reason share."""
    return _COUNTED.sub("", words)


def day_of(time: float) -> int:
    """The day (UTC) of a time in seconds since 1970, counted from that of 1970-01-01."""
    return int(time // _DAY)


@dataclass(slots=True)
class Totals:
    """What some attempts add up to. Of their offspring some are judged, of these some scored."""

    attempts: int = 0
    offspring: int = 0
    judged: int = 0
    scored: int = 0
    improved: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Now:
    """Where an agent stands.

    Args:
        entry: journal entry of its newest attempt.
        step: of that attempt.
        time: of that attempt, or of the evaluation of its offspring; seconds since 1970.
        waiting: its offspring while that is not judged.
        fruitless: how many of its newest attempts in a row (16 at most) gave nothing with a score.
    """

    entry: CommitId
    step: int
    time: float
    waiting: CommitId | None
    fruitless: int


class Activity:
    """A view of one phylogeny that counts; call ``update`` after that was refreshed. Thread-safe.

    Args:
        git: the swarm repository.
        state: the columns.
        lock: guards them.
    """

    def __init__(self, git: GitRepository, state: State, lock: threading.RLock) -> None:
        self._git = git
        self._state = state
        self._lock = lock
        self._taken = 0
        self._open: list[int] = []
        self._agents = defaultdict[str, Totals](Totals)
        self._operators = defaultdict[str, Totals](Totals)
        self._results = defaultdict[str, Totals](Totals)
        self._models = defaultdict[str, Totals](Totals)
        self._days = defaultdict[int, Totals](Totals)
        self._minutes = defaultdict[int, Totals](Totals)
        self._recent: dict[str, deque[int]] = {}
        self._failures: dict[str, tuple[int, tuple[int, str]]] = {}

    # ------------------------------------------------------------------ counting

    def update(self, most: int = 2000) -> bool:
        """Count attempts that are new, at most so many; true if there are more to count."""
        with self._lock:
            end = min(self._taken + most, len(self._state.ledger.attempt_times))
            waiting = self._open
            self._open = [row for row in waiting if not self._settle(row)]
            for row in range(self._taken, end):
                self._count(row)
            self._taken = end
            return end < len(self._state.ledger.attempt_times)

    def _count(self, row: int) -> None:
        ledger = self._state.ledger
        made = self._offspring(row) != _NO_ID
        for totals in self._groups(row):
            self._add(totals, row, made=made)
        minute = int(ledger.attempt_times[row] // _MINUTE)
        self._add(self._minutes[minute], row, made=made)
        agent = ledger.names.names[ledger.attempt_agents[row]]
        self._recent.setdefault(agent, deque(maxlen=_RECENT)).append(row)
        if not made:
            self._add(self._results["no offspring"], row, made=False)
        elif not self._settle(row):
            self._open.append(row)

    def _groups(self, row: int) -> list[Totals]:
        """The sums that know how an attempt ended: its agent's, operator's, day's and model's."""
        ledger, names = self._state.ledger, self._state.ledger.names.names
        agent, operator = names[ledger.attempt_agents[row]], names[ledger.attempt_operators[row]]
        return [
            self._agents[agent],
            self._operators[operator],
            self._days[day_of(ledger.attempt_times[row])],
            self._models[names[ledger.attempt_models[row]] or NO_MODEL],
        ]

    def _add(self, totals: Totals, row: int, *, made: bool) -> None:
        ledger = self._state.ledger
        totals.attempts += 1
        totals.offspring += made
        totals.tokens += max(ledger.attempt_tokens[row], 0)
        totals.cost_usd += max(ledger.attempt_costs[row], 0.0)
        totals.seconds += max(ledger.attempt_seconds[row], 0.0)

    def _settle(self, row: int) -> bool:
        """Count how an attempt's offspring was judged; false if it was not yet."""
        result = self._result(row)
        if result == "waiting":
            return False
        scored, improved = result in {"improved", "no gain"}, result == "improved"
        for totals in self._groups(row):
            totals.judged += 1
            totals.scored += scored
            totals.improved += improved
        self._add(self._results[result], row, made=True)
        return True

    def _result(self, row: int) -> Result:
        offspring = self._offspring(row)
        if offspring == _NO_ID:
            return "no offspring"
        table, genomes = self._state.individuals, self._state.genomes
        found = table.ids.rows.get(offspring)
        if found is None:
            return "waiting"
        genome = table.tree_rows[found]
        if genomes.statuses[genome] != SCORED:
            return "waiting" if genomes.evaluations[genome] < 0 else "failed"
        sign, parents = self._state.sign, [table.tree_rows[p] for p in table.parents(found)]
        better = all(
            genomes.scores[genome] * sign > genomes.scores[parent] * sign
            for parent in parents
            if genomes.statuses[parent] == SCORED
        )
        return "improved" if better else "no gain"

    def _offspring(self, row: int) -> bytes:
        return bytes(self._state.ledger.attempt_offspring[row * ID_BYTES : (row + 1) * ID_BYTES])

    # ------------------------------------------------------------------ sums

    @property
    def by_agent(self) -> Mapping[str, Totals]:
        """What every agent did."""
        return self._copy(self._agents)

    def of(self, agent: str) -> Totals:
        """What one agent did."""
        with self._lock:
            return replace(self._agents.get(agent, Totals()))

    @property
    def by_operator(self) -> Mapping[str, Totals]:
        """What every operator was good for."""
        return self._copy(self._operators)

    @property
    def by_model(self) -> Mapping[str, Totals]:
        """What every model cost and came to; attempts without one are under ``NO_MODEL``."""
        return self._copy(self._models)

    @property
    def by_result(self) -> Mapping[str, Totals]:
        """What was spent to which end: see ``Result``."""
        found = self._copy(self._results)
        with self._lock:
            for row in self._open:
                self._add(found.setdefault("waiting", Totals()), row, made=True)
        return found

    @property
    def by_day(self) -> Mapping[int, Totals]:
        """What was done on every day; see ``day_of``."""
        return self._copy(self._days)

    def on(self, day: int) -> Totals:
        """What was done on one day."""
        with self._lock:
            return replace(self._days.get(day, Totals()))

    def since(self, time: float) -> Totals:
        """What attempts recorded since then add up to, to the minute."""
        total = Totals()
        with self._lock:
            for minute, found in self._minutes.items():
                if (minute + 1) * _MINUTE > time:
                    total.attempts += found.attempts
                    total.offspring += found.offspring
                    total.tokens += found.tokens
                    total.cost_usd += found.cost_usd
                    total.seconds += found.seconds
        return total

    def _copy(self, group: Mapping[_Key, Totals]) -> dict[_Key, Totals]:
        with self._lock:
            return {key: replace(totals) for key, totals in group.items()}

    # ------------------------------------------------------------------ agents

    def now(self, agent: str) -> Now | None:
        """Where an agent stands; ``None`` if it made no attempt yet."""
        with self._lock:
            ledger, rows = self._state.ledger, self._newest(agent)
            if not rows:
                return None
            offspring = self._offspring(rows[0])
            judged = self._judged_row(offspring)
            waits = offspring != _NO_ID and judged is None
            return Now(
                entry=CommitId(ledger.attempt_entry(rows[0]).hex()),
                step=ledger.attempt_steps[rows[0]],
                time=max(
                    ledger.attempt_times[rows[0]], 0.0 if judged is None else ledger.times[judged]
                ),
                waiting=CommitId(offspring.hex()) if waits else None,
                fruitless=self._fruitless(rows),
            )

    def _newest(self, agent: str) -> list[int]:
        rows = self._recent.get(agent, ())
        return sorted(rows, key=self._state.ledger.attempt_key, reverse=True)

    def _fruitless(self, rows: list[int]) -> int:
        count = 0
        for row in rows:
            result = self._result(row)
            if result in {"failed", "no offspring"}:
                count += 1
            elif result != "waiting":
                break
        return count

    def failure(self, agent: str) -> tuple[int, str]:
        """How many of its newest attempts in a row (16 at most) failed in the same words, and those.

        Numbers, and what stands in parentheses at the end, may differ.

        An offspring that was known already is no failure. Reads those attempts from git, once.
        """
        with self._lock:
            rows = [row for row in self._newest(agent) if self._result(row) != "waiting"]
        if not rows:
            return 0, ""
        known = self._failures.get(agent)
        if known is not None and known[0] == rows[0]:
            return known[1]
        words = self._words(rows[0])
        count = 0
        while words and count < len(rows) and _alike(self._words(rows[count])) == _alike(words):
            count += 1
        self._failures[agent] = (rows[0], (count, words))
        return count, words

    def _words(self, row: int) -> str:
        """Why an attempt gave nothing with a score, in words; empty if it did."""
        with self._lock:
            result, judged = self._result(row), self._judged_row(self._offspring(row))
        if result == "failed" and judged is not None:
            record = read_record(self._git, self._state.ledger.entry(judged))
            failed = isinstance(record, Evaluation) and not isinstance(record.outcome, Scored)
            return describe(record.outcome) if isinstance(record, Evaluation) and failed else ""
        if result != "no offspring":
            return ""
        record = read_record(self._git, self._state.ledger.attempt_entry(row))
        if not isinstance(record, Attempt) or record.duplicate_of is not None:
            return ""
        return clean_line(record.reason) or "no offspring"

    # ------------------------------------------------------------------ evaluations

    def _judged_row(self, commit: bytes) -> int | None:
        found = self._state.individuals.ids.rows.get(commit)
        if found is None:
            return None
        ledger = self._state.ledger
        rows = ledger.evaluations_of(self._state.individuals.tree_rows[found])
        counted = (r for r in rows if ledger.names.names[ledger.purposes[r]] in COUNTED)
        return next(counted, None)

    def place(self, i: int) -> int | None:
        """How many evaluations came before the first of individual ``i``'s genome."""
        with self._lock:
            row = self._judged_row(self._state.individuals.ids[i])
            return None if row is None else self._state.ledger.position(row)

    def places(self) -> dict[int, int]:
        """``place`` of every individual that has one, in one pass."""
        with self._lock:
            ledger, table = self._state.ledger, self._state.individuals
            counted = {ledger.names.add(purpose) for purpose in COUNTED}
            first: dict[int, int] = {}
            for place, row in enumerate(ledger.order()):
                if ledger.purposes[row] in counted:
                    first.setdefault(ledger.genome_rows[row], place)
            return {i: first[genome] for i, genome in enumerate(table.tree_rows) if genome in first}

    def best_before(self, time: float) -> float | None:
        """The best score among the search's evaluations made before a time; looks at all of them."""
        with self._lock:
            ledger, sign = self._state.ledger, self._state.sign
            search = ledger.names.add("search")
            found = (
                ledger.scores[row] * sign
                for row, when in enumerate(ledger.times)
                if when < time and ledger.purposes[row] == search and ledger.counts(row)
            )
            best = max(found, default=None)
        return None if best is None else best * sign

    def heads(self) -> dict[str, CommitId]:
        """The newest accepted entry of every writer's journal."""
        with self._lock:
            return {
                writer: CommitId(head.hex()) for writer, head in self._state.journals.heads.items()
            }
