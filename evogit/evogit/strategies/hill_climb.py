"""Hill climbing with restarts: the baseline a population must beat to be worth having.

Stochastic hill climbing with random restarts, after Russell and Norvig, "Artificial Intelligence:
A Modern Approach", 4th ed., section 4.1.1.
"""

from __future__ import annotations

from random import Random

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import climbs, option, standing, stuck


class HillClimb:
    """Each agent mutates its own tip and never looks at others.

    Args:
        patience: after so many steps without a move the agent starts again from the base; the
            individuals it leaves stay in the phylogeny.
    """

    def __init__(self, *, patience: object = 200) -> None:
        self._patience = int(option("patience", patience, 1, 10**9))

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Mutate the agent's tip, or the base when the climb is stuck."""
        del random
        parent = 0 if stuck(phylogeny, agent, self._patience) else standing(phylogeny, agent)
        return Step("mutate", (phylogeny.commit(parent),))

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Not worse than the tip; when stuck, any first step of a new climb."""
        del random
        return climbs(phylogeny, agent, offspring, outcome, self._patience)
