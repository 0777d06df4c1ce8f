"""What humans decided, as a running worker needs it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from evogit.evolve.billing import JUDGE
from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Decision, Record, Spend
from evogit.steering.feedback import pending
from evogit.steering.state import Steering, derive
from evogit.swarm.journal import read_entry

_OF_A_RUN: Final = ("agents", "stop")


class Directions:
    """Decisions as of the phylogeny's last refresh. Thread-safe.

    Args:
        git: the swarm repository.
        phylogeny: knows the decisions in everybody's journals.
        since: when this worker started, seconds since 1970; a ``stop`` or number of agents that is
            earlier, or known by now whatever its date, is over.
    """

    def __init__(self, git: GitRepository, phylogeny: Phylogeny, since: float) -> None:
        self._git = git
        self._phylogeny = phylogeny
        self._since = since
        self._parents: dict[CommitId, Sequence[CommitId]] = {}
        self._derived: tuple[int, Steering] = (0, Steering())
        self._old = frozenset(dict(phylogeny.decisions))
        self._heard = set(self._old)

    def now(self) -> Steering:
        """What holds now."""
        decisions = self._phylogeny.decisions
        if self._derived[0] != len(decisions):
            found = [(entry, self._in_its_time(entry, said)) for entry, said in decisions]
            self._derived = (len(decisions), derive(found))
        return self._derived[1]

    def _in_its_time(self, entry: CommitId, decision: Decision) -> Decision:
        """What ends with a run ends with the one it was said in: another host's clock may be ahead."""
        ends = decision.verb in _OF_A_RUN and decision.time >= self._since
        if entry not in self._old or not ends:
            return decision
        return replace(decision, time=math.nextafter(self._since, 0.0))

    def heard(self) -> list[Decision]:
        """What was decided, here or elsewhere, and became known since this was last asked; one caller."""
        found = [item for item in self._phylogeny.decisions if item[0] not in self._heard]
        self._heard.update(entry for entry, _ in found)
        return [decision for _, decision in found]

    def stopped(self, agent: str) -> bool:
        """Whether a human stopped this agent since its worker started."""
        return self.now().stopped(agent, self._since)

    def wanted_agents(self) -> int | None:
        """How many agents a human wants here, if one said so since the worker started."""
        return self.now().wanted_agents(self._since)

    def paused(self, agent: str) -> bool:
        """Whether this agent is to wait."""
        return self.now().paused(agent)

    def seeded(self, agent: str, since: float) -> bool:
        """Whether a human put this agent somewhere at or after a time."""
        return any(
            decision.verb == "seed" and decision.target == agent and decision.time >= since
            for _, decision in self.now().active
        )

    def feedback(self, parents: Sequence[CommitId]) -> list[str]:
        """The words that wait for offspring of ``parents``, oldest first."""
        found = pending(self.now(), self._phylogeny, parents, self._attempted)
        return [item.text for item in found]

    def _attempted(self, since: float) -> Iterator[tuple[float, Sequence[CommitId]]]:
        """When attempts with a prompt were begun: what was said while one was under way is not in it."""
        for agent in self._phylogeny.agents:
            for row in reversed(self._phylogeny.attempts(agent)):
                if row.time < since:
                    break
                begun = row.time - row.seconds
                parents = self._prompted(row.entry) if begun >= since else ()
                if parents:
                    yield begun, parents

    def _prompted(self, entry: CommitId) -> Sequence[CommitId]:
        """The parents of an attempt that may have had words in its prompt; the genetic agent heeds none.

        Remembered: where nobody is asked, words wait for good, and every step looks through all attempts.
        """
        if entry not in self._parents:
            self._parents[entry] = _told(read_entry(self._git, entry).record)
        return self._parents[entry]


def _told(record: Record | None) -> Sequence[CommitId]:
    if not isinstance(record, Attempt) or record.operator == JUDGE:
        return ()
    return record.parents if record.model or record.spend != Spend() else ()
