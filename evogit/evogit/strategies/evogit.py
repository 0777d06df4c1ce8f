"""The paper's strategy: mutate your own tip, merge a pair now and then, keep what is not worse.

After Huang et al., "EvoGit: Decentralized Code Evolution via Git-Based Multi-Agent
Collaboration", arXiv 2506.02049, section 3; unlike its published code nobody's lineage is
overwritten by a pick or a merge, and every offspring is judged by a measured fitness.
"""

from __future__ import annotations

from random import Random

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step
from evogit.strategies.common import improves, option, standing


class EvoGit:
    """Each agent climbs along its own lineage and looks at its neighbours.

    Args:
        merge_every: every so many steps an agent merges its tip with another one; 0 never.
        cross: chance that a step recombines with another tip by the agent's own operator.
        borrow: chance that a step mutates a tip picked by tournament instead of the agent's own.
        tournament: how many tips compete in that pick.
        drift: chance that an offspring as good as the agent's tip, but no better, is accepted.
            Such neutral steps cross plateaus (see ``common.improves``), but each may add code
            without effect, and a lineage that drifts freely bloats until few mutations matter.
    """

    def __init__(
        self,
        *,
        merge_every: object = 12,
        cross: object = 0.15,
        borrow: object = 0.25,
        tournament: object = 3,
        drift: object = 0.05,
    ) -> None:
        self._merge_every = int(option("merge_every", merge_every, 0, 10**6))
        self._cross = option("cross", cross, 0, 1)
        self._borrow = option("borrow", borrow, 0, 1)
        self._tournament = int(option("tournament", tournament, 1, 1000))
        self._drift = option("drift", drift, 0, 1)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Merge on every k-th step, else cross, borrow or mutate by chance."""
        own = standing(phylogeny, agent)
        others = [i for i in phylogeny.population() if i != own and phylogeny.score(i) is not None]
        here = phylogeny.commit(own)
        if not others:
            return Step("mutate", (here,))
        mate = phylogeny.commit(random.choice(others))
        number = phylogeny.last_step(agent) + 1
        if self._merge_every and number % self._merge_every == 0:
            return Step(MERGE, (here, mate))
        if random.random() < self._cross:
            return Step("cross", (here, mate))
        if random.random() < self._borrow:
            return Step(
                "mutate", (phylogeny.commit(self._pick(phylogeny, others, random)),), (here,)
            )
        return Step("mutate", (here,), (mate,))

    def _pick(self, phylogeny: Phylogeny, tips: list[int], random: Random) -> int:
        drawn = random.sample(tips, min(self._tournament, len(tips)))
        return max(drawn, key=phylogeny.fitness)

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Better than where the agent stands, or now and then as good."""
        if not improves(phylogeny, agent, offspring, outcome):
            return False
        here = phylogeny.fitness(standing(phylogeny, agent))
        equal = phylogeny.fitness(phylogeny.index(offspring)) == here
        return not equal or random.random() < self._drift
