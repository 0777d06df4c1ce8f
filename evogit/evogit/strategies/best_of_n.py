"""The plainest baseline: independent samples from the base, the best one wins."""

from __future__ import annotations

from random import Random

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import improves


class BestOfN:
    """Every offspring is a mutation of the base; nothing is ever built upon."""

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Mutate the base."""
        del agent, random
        return Step("mutate", (phylogeny.commit(0),))

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Better than the agent's best sample so far."""
        del random
        return improves(phylogeny, agent, offspring, outcome)
