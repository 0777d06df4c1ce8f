"""The control for merging: the same strategy, with a mutation of one parent for every merge.

A merge uses a step and an evaluation, and so does what is made here instead. If merging is worth
anything, a strategy must be better than its fork of equal cost.
"""

from __future__ import annotations

from random import Random

from evogit.errors import ConfigError
from evogit.evolve.strategy import make_strategy
from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step


class Fork:
    """Another strategy without its merges: one of the two parents, by chance, is mutated instead.

    Args:
        of: name of that strategy.
        options: its options.
    """

    def __init__(self, *, of: object = "evogit", **options: object) -> None:
        if of == "fork":
            raise ConfigError(
                "search.options.of is 'fork'", hint="name a strategy that merges, such as evogit"
            )
        self._inner = make_strategy(str(of), options)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """What the other strategy wants, unless that is a merge."""
        step = self._inner.plan(phylogeny, agent, random)
        if step.operator != MERGE:
            return step
        return Step("mutate", (random.choice(step.parents),))

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """As the other strategy does."""
        return self._inner.accepts(phylogeny, agent, offspring, outcome, random)
