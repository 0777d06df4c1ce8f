"""The newest individuals of a swarm, to be seen at once while the whole history is still read.

A stand-in for ``Phylogeny`` that knows only the end of the story: what git names newest on the
branches, and what the newest journal entries made and judged. Numbers are its own, parents first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.errors import NotFoundError, UserError
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.phylogeny.individuals import Individuals
from evogit.phylogeny.ledger import COUNTED, EvaluationRow, Row
from evogit.phylogeny.messages import provenance_of, record_of, subject_of
from evogit.phylogeny.quick import row_from
from evogit.phylogeny.reading import Raw, newest, read_commit
from evogit.phylogeny.tips import sort_refs

_ENTRIES_EACH: Final = 2
"""Journal entries of one step: an attempt and an evaluation."""


@dataclass(frozen=True, slots=True)
class _Judged:
    score: float | None
    time: float


class Newest:
    """The newest individuals. Nothing changes after it was made, so any thread may ask.

    Args:
        git: the swarm repository.
        evaluator: whose scores count ...
        environment: ... in which environment.
        maximize: whether a higher score is better.
        count: about how many individuals.

    Raises:
        GitError: git can not read the history.
    """

    def __init__(
        self,
        git: GitRepository,
        *,
        evaluator: TreeId,
        environment: str,
        maximize: bool,
        count: int,
    ) -> None:
        tips = sort_refs(git.refs_under("refs/"))
        self._sign = 1.0 if maximize else -1.0
        self._key = (evaluator, environment)
        self._trees: list[bytes] = []
        self._judged: dict[bytes, _Judged] = {}
        self._table = Individuals()
        found = newest(git, sorted(set(tips.branches.values())), count)
        journals = sorted({tip for _, _, tip in tips.journals})
        entries = newest(git, journals, count * _ENTRIES_EACH, first_parents=True)
        self.whole = len(found) < count and len(entries) < count * _ENTRIES_EACH
        """Whether there is so little that reading all of it takes no time."""
        made = [self._take(row) for row in _records(entries)]
        known = {raw[0] for raw in found}
        others = (read_commit(git, name) for name in made if name and name not in known)
        self._fill([*found, *(raw for raw in others if raw is not None)])
        heads = {name: self._table.ids.rows.get(bytes.fromhex(i)) for name, i in tips.heads.items()}
        self.tips = {name: row for name, row in heads.items() if row is not None}
        """The individuals at branches, as far as they are among these."""

    def _take(self, row: Row) -> bytes:
        """Keep what an entry says; the id of the individual that it made, if any."""
        if not isinstance(row, tuple):
            return b""
        if row[0] == "attempt":
            return row[4] if any(row[4]) else b""
        if row[0] == "evaluation" or row[0] == "held":
            self._judge(row)
        return b""

    def _judge(self, row: EvaluationRow) -> None:
        kind, key, tree, _, purpose, score, _, time = row
        if key == self._key and purpose in COUNTED:
            self._judged.setdefault(tree, _Judged(score if kind == "evaluation" else None, time))

    def _fill(self, commits: Sequence[Raw]) -> None:
        table = self._table
        for name, tree, parents, time, message in _parents_first(commits):
            rows = [table.ids.rows[parent] for parent in parents if parent in table.ids.rows]
            self._trees.append(tree)
            table.append(name, 0, rows, time, subject_of(message), provenance_of(message), -1)

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, commit: object) -> bool:
        return isinstance(commit, str) and self._find(commit) is not None

    def _find(self, commit: str) -> int | None:
        try:
            return self._table.ids.rows.get(bytes.fromhex(commit))
        except ValueError:
            return None

    def index(self, commit: CommitId) -> int:
        """The number of an individual.

        Raises:
            NotFoundError: it is not among these.
        """
        row = self._find(commit)
        if row is None:
            raise NotFoundError(f"{commit[:40]!r} is not among the newest individuals")
        return row

    def commit(self, i: int) -> CommitId:
        """The id of individual ``i``."""
        return CommitId(self._table.ids[i].hex())

    def parents(self, i: int) -> tuple[int, ...]:
        """Its parents, as far as they are among these."""
        return self._table.parents(i)

    def agent(self, i: int) -> str:
        """The agent its trailers name."""
        return self._table.names.names[self._table.agents[i]]

    def operator(self, i: int) -> str:
        """The operator its trailers name."""
        return self._table.names.names[self._table.operators[i]]

    def subject(self, i: int) -> str:
        """The first line of its message, clean."""
        return self._table.subject(i)

    def score(self, i: int) -> float | None:
        """The newest score of its genome, if the newest entries tell it."""
        found = self._judged.get(self._trees[i])
        return None if found is None else found.score

    def fitness(self, i: int) -> float:
        """The same with the sign that makes higher better; NaN without one."""
        score = self.score(i)
        return math.nan if score is None else score * self._sign

    def judged_at(self, i: int) -> float | None:
        """When it was judged, in seconds since 1970."""
        found = self._judged.get(self._trees[i])
        return None if found is None else found.time


def _records(entries: Iterable[Raw]) -> list[Row]:
    found: list[Row] = []
    for _, _, _, _, message in entries:
        try:
            row = row_from(record_of(message))
        except (UserError, ValueError):
            continue  # the journal's root, or something the whole index will report
        if row is not None:
            found.append(row)
    return found


def _parents_first(commits: Sequence[Raw]) -> list[Raw]:
    """By date, but never a child before a parent that is among them."""
    known = {raw[0]: raw for raw in commits}
    done: set[bytes] = set()
    found: list[Raw] = []
    for start in sorted(known.values(), key=lambda raw: raw[3]):
        stack = [start]
        while stack:
            raw = stack[-1]
            waiting = [known[p] for p in raw[2] if p in known and p not in done]
            if raw[0] in done or not waiting:
                stack.pop()
                if raw[0] not in done:
                    done.add(raw[0])
                    found.append(raw)
            else:
                stack += waiting
    return found
