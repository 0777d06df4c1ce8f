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
        drift: chance that an offspring as good as the agent's tip is accepted whatever its size.
            Otherwise only a shorter one is: lexicographic parsimony pressure (Luke and Panait,
            GECCO 2002), since code without effect makes most later mutations futile. The base is
            not whittled down: what it holds is the material of the first steps.
    """

    def __init__(
        self,
        *,
        merge_every: object = 12,
        cross: object = 0.1,
        borrow: object = 0.1,
        tournament: object = 3,
        drift: object = 0.0,
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
        """Better than where the agent stands, or as good and shorter."""
        if not improves(phylogeny, agent, offspring, outcome):
            return False
        here, there = standing(phylogeny, agent), phylogeny.index(offspring)
        if phylogeny.fitness(there) != phylogeny.fitness(here):
            return True
        if random.random() < self._drift:
            return True
        beyond = phylogeny.fitness(here) != phylogeny.fitness(0)
        return beyond and phylogeny.growth(here, there) < 0
