"""What the application knows: one swarm, seen through its phylogeny, and where the human points.

Everything here is read from git. ``look`` is called by one background thread; widgets read ``facts``,
an immutable summary, and ask the (thread-safe) phylogeny for single individuals.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from evogit.cli.session import Session
from evogit.config.model import Settings
from evogit.ids import JOURNALS, CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.ledger import Spent
from evogit.records import Spend
from evogit.steering.desk import Desk
from evogit.steering.state import Steering, derive
from evogit.swarm.identity import is_alive
from evogit_tui.lanes import Lanes
from evogit_tui.loading import Loader

MAX_MARKS: Final = 2
"""A comparison or a merge has two sides; marking a third drops the oldest mark."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the whole screen is drawn from, taken at one moment. Rows number the phylogeny."""

    version: int
    individuals: int
    evaluations: int
    best: int | None
    best_score: float | None
    tips: Mapping[str, int]
    """Agent (or a human's branch) to the individual at its tip."""
    tags: Mapping[str, int]
    pinned: frozenset[int]
    promoted: frozenset[int]
    steering: Steering
    settings: Settings
    spent: Spent
    reserved: Spend
    workers: tuple[tuple[str, bool], ...]
    """(worker, whether it runs on this host right now)."""
    problems: int
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    """Individual to the agents and tags that point at it."""

    @property
    def maximize(self) -> bool:
        """Whether a larger score is better."""
        return self.settings.evaluate.direction == "maximize"

    @property
    def running(self) -> int:
        """How many workers of this host run."""
        return sum(alive for _, alive in self.workers)


class Model:
    """One swarm and the human's place in it.

    Args:
        session: opened where the application was started; its parts open lazily.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.facts: Facts | None = None
        self.cursor: CommitId | None = None
        """The individual all views are about."""
        self.marks: list[CommitId] = []
        """Individuals chosen for a merge or a comparison, oldest first."""
        self.loader = Loader(session)
        self.lanes = Lanes()
        """Where the individuals of the facts stand in the graph; only the watching thread adds."""
        self._workers: tuple[tuple[str, bool], ...] = ()
        self._seen = 0
        self._newest: dict[str, int] = {}
        """The newest individual of every agent."""
        self._look_lock = threading.Lock()

    @property
    def phylogeny(self) -> Phylogeny:
        """The individuals. Opening it the first time may take seconds: do that in a thread.

        Raises:
            EvoGitError: there is no swarm, or git can not read it.
        """
        return self.session.phylogeny

    @property
    def desk(self) -> Desk:
        """Where this person's decisions are written."""
        return self.session.desk

    def row(self, commit: CommitId | None) -> int | None:
        """The number of an individual, if it is one."""
        if commit is None or commit not in self.phylogeny:
            return None
        return self.phylogeny.index(commit)

    @property
    def current(self) -> int | None:
        """The number of the individual the human points at."""
        return None if self.facts is None else self.row(self.cursor)

    @property
    def generation(self) -> int:
        """The highest generation of the population."""
        tips = self.facts.tips.values() if self.facts is not None else ()
        return max((self.phylogeny.generation(row) for row in tips), default=0)

    def mark(self, commit: CommitId) -> bool:
        """Mark an individual, or take its mark away; true if it is marked now."""
        if commit in self.marks:
            self.marks.remove(commit)
            return False
        self.marks = [*self.marks, commit][-MAX_MARKS:]
        return True

    def look(self) -> Facts | None:
        """Take in what is new; the new facts, or ``None`` if nothing changed. Thread-safe.

        Raises:
            GitError: git can not read the repository.
        """
        with self._look_lock:
            if self.session.follow_judging():
                self.lanes, self._seen = Lanes(), -1  # individuals are numbered anew
            self.phylogeny.refresh()
            # Not what refresh returned: the desk refreshes the same phylogeny after a decision.
            version, workers = self.phylogeny.version, self._who_runs()
            if self.facts is not None and (version, workers) == (self._seen, self._workers):
                return None
            self._seen, self._workers = version, workers
            self.facts = self._sum_up()
            return self.facts

    def _who_runs(self) -> tuple[tuple[str, bool], ...]:
        git = self.session.swarm.git
        writers = (ref[len(JOURNALS) :] for ref in git.refs_under(JOURNALS))
        return tuple((name, is_alive(git, name)) for name in sorted(writers))

    def _sum_up(self) -> Facts:
        phylogeny = self.phylogeny
        steering = derive(phylogeny.decisions)
        best = phylogeny.best(1)
        promoted = (self.row(one.individual) for one in steering.promotions)
        tips, tags = phylogeny.tips, phylogeny.tags
        individuals = len(phylogeny)
        self.lanes.extend(phylogeny, individuals, self._growing(tips, individuals))
        return Facts(
            version=self.facts.version + 1 if self.facts else 1,
            individuals=individuals,
            evaluations=phylogeny.evaluation_count,
            best=best[0] if best else None,
            best_score=phylogeny.score(best[0]) if best else None,
            tips=tips,
            tags=tags,
            pinned=frozenset(phylogeny.pinned),
            promoted=frozenset(row for row in promoted if row is not None),
            steering=steering,
            settings=self.session.swarm.spec().settings,
            spent=phylogeny.spent,
            reserved=phylogeny.reserved,
            workers=self._workers,
            problems=len(phylogeny.problems),
            names=_names(tips, tags),
        )

    def _growing(self, tips: Mapping[str, int], individuals: int) -> set[int]:
        """Individuals that probably get offspring: tips, and what may become one.

        An offspring is known before its agent's branch moves to it, if it does; and an agent
        without a branch of its own works on the base.
        """
        for row in range(len(self.lanes), individuals):
            self._newest[self.phylogeny.agent(row)] = row
        self._newest.pop("", None)  # a human's commit is on a branch when it is first seen
        found = {*tips.values(), *self._newest.values()}
        if not self._newest.keys() <= tips.keys():
            found.add(0)
        return {row for row in found if not self.phylogeny.pruned(row)}


def _names(tips: Mapping[str, int], tags: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for known in (tips, tags):
        for name, row in sorted(known.items()):
            found[row] = (*found.get(row, ()), name)
    return found
