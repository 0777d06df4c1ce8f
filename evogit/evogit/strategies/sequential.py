"""The baseline of plain iteration: always go on from the last version that runs."""

from __future__ import annotations

from random import Random

from evogit.ids import CommitId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import standing


class Sequential:
    """One long lineage per agent: every offspring that gets a score is the next parent."""

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Mutate the agent's own tip."""
        del random
        return Step("mutate", (phylogeny.commit(standing(phylogeny, agent)),))

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Whatever has a score, better or worse."""
        del phylogeny, agent, offspring, random
        return isinstance(outcome, Scored)
