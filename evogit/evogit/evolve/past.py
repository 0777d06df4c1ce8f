"""What an agent may ask about earlier attempts, read from the repository when it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from random import Random
from typing import Final

from evogit.evolve.credit import Credit
from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.outcome import Scored, describe
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Arm, Genome, Trial
from evogit.records import Attempt
from evogit.swarm.journal import read_entry
from evogit.text import clean_line

_LOOKED_AT: Final = 24
"""Of an agent's newest attempts; each without offspring is one read from git."""


class RecordedPast:
    """The past of one agent as its swarm recorded it. Used by one thread.

    Args:
        git: the swarm repository.
        phylogeny: as of its last refresh.
        agent: whose attempts without offspring count.
        genome: reads an individual.
        credit: chooses among arms.
    """

    def __init__(
        self,
        git: GitRepository,
        phylogeny: Phylogeny,
        agent: str,
        genome: Callable[[CommitId], Genome],
        credit: Credit,
    ) -> None:
        self._git = git
        self._phylogeny = phylogeny
        self._agent = agent
        self._genome = genome
        self._credit = credit

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        """Half of them attempts of this agent that came to nothing, if there are so many.

        They come first, each kind newest first.
        """
        if parent.commit not in self._phylogeny:
            return ()
        children = self._phylogeny.children(self._phylogeny.index(parent.commit))
        failed = list(self._failed(parent.commit, most))
        failed = failed[: max(most // 2, most - len(children))]
        newest = list(children[-(most - len(failed)) :])[::-1] if most > len(failed) else []
        return (*failed, *(self._trial(i) for i in newest))

    def _trial(self, i: int) -> Trial:
        phylogeny = self._phylogeny
        outcome = phylogeny.outcome(i)
        return Trial(
            agent=phylogeny.agent(i),
            operator=phylogeny.operator(i),
            subject=phylogeny.subject(i),
            outcome="" if outcome is None else describe(outcome),
            score=phylogeny.score(i),
            genome=self._genome(phylogeny.commit(i)),
        )

    def _failed(self, parent: CommitId, most: int) -> Iterator[Trial]:
        ours = (a for a in self._failures if a.parents[:1] == (parent,))
        for attempt in islice(ours, most):
            yield Trial(attempt.agent, attempt.operator, clean_line(attempt.reason))

    @cached_property
    def _failures(self) -> list[Attempt]:
        """The agent's newest attempts without offspring, newest first; read once."""
        rows = self._phylogeny.attempts(self._agent)[-_LOOKED_AT:][::-1]
        records = (read_entry(self._git, r.entry).record for r in rows if r.offspring is None)
        return [record for record in records if isinstance(record, Attempt)]

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        """Its first parent, that one's first parent and so on; without the individual itself."""
        if individual.commit not in self._phylogeny:
            return ()
        found: list[Genome] = []
        parents = self._phylogeny.parents(self._phylogeny.index(individual.commit))
        while parents and len(found) < most:
            found.append(self._genome(self._phylogeny.commit(parents[0])))
            parents = self._phylogeny.parents(parents[0])
        return found

    def output(self, individual: Genome) -> str:
        """Why it has no score, in the words of gates, scorer and standard error; else its metrics."""
        if individual.commit not in self._phylogeny:
            return ""
        outcome = self._phylogeny.outcome(self._phylogeny.index(individual.commit))
        if outcome is None:
            return ""
        if isinstance(outcome, Scored):
            pairs = list(outcome.metrics.items())[:20]
            return "\n".join(f"{name} = {value:.6g}" for name, value in pairs)
        reason = getattr(outcome, "reason", "")
        return f"{describe(outcome).partition(':')[0]}: {reason}" if reason else describe(outcome)

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        """One of ``arms``, which is not empty, in favour of what gained more for its cost."""
        return self._credit.choose(arms, random)
