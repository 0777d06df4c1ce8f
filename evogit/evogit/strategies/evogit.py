"""The paper's strategy: mutate your own tip, merge a pair now and then, keep what is not worse.

After Huang et al., "EvoGit: Decentralized Code Evolution via Git-Based Multi-Agent
Collaboration", arXiv 2506.02049, section 3; unlike its published code nobody's lineage is
overwritten by a pick or a merge, and every offspring is judged by a measured fitness.
"""

from __future__ import annotations

from random import Random
from typing import Final

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step
from evogit.strategies.common import begins_anew, choice, improves, option, standing, stuck
from evogit.strategies.mating import MATINGS, Mating, mate
from evogit.strategies.selection import draw, eligible, roulette

_DRAWN: Final = 20
_ELITE: Final = 10


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
        backtrack: chance that a step mutates an ancestor of the agent's tip, the base included, instead of the
            tip: a climb that began badly is so given up for a better one as soon as there is one. Without it
            some runs end where they went wrong first (docs/performance.md).
        explore: chance that a step mutates any of the newest or best individuals, tip or not, weighted by
            fitness and few offspring (``selection.weights``).
        pressure: how strongly that prefers the fit.
        window: how many individuals count as the newest.
        mates: who is merged or crossed with: ``random``, ``shared``, ``alike`` or ``unlike`` (``mating``).
        patience: after so many steps without a move an agent begins a new climb from the base; 0 never. It
            climbs alone until it has made no move for half as many, or the others would pull it back to
            where it came from at once. What it leaves stays in the phylogeny.
        aloof: an agent with nothing of others among its first parents climbs alone until it has made no move
            for so many steps; 0 never. So several first climbs are made, and not one that all follow.
    """

    def __init__(
        self,
        *,
        merge_every: object = 12,
        cross: object = 0.1,
        borrow: object = 0.1,
        tournament: object = 3,
        drift: object = 0.0,
        backtrack: object = 0.1,
        explore: object = 0.0,
        pressure: object = 3.0,
        window: object = 200,
        mates: object = "random",
        patience: object = 300,
        aloof: object = 0,
    ) -> None:
        self._merge_every = int(option("merge_every", merge_every, 0, 10**6))
        self._cross = option("cross", cross, 0, 1)
        self._borrow = option("borrow", borrow, 0, 1)
        self._tournament = int(option("tournament", tournament, 1, 1000))
        self._drift = option("drift", drift, 0, 1)
        self._backtrack = option("backtrack", backtrack, 0, 1)
        self._explore = option("explore", explore, 0, 1)
        self._pressure = option("pressure", pressure, 0, 100)
        self._window = int(option("window", window, 1, 10**6))
        self._mates: Mating = choice("mates", mates, MATINGS)
        self._patience = int(option("patience", patience, 0, 10**9))
        self._aloof = int(option("aloof", aloof, 0, 10**9))

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Start again if stuck; merge on every k-th step; else go back, or look around, or mutate."""
        own = standing(phylogeny, agent)
        here = phylogeny.commit(own)
        if stuck(phylogeny, agent, self._patience):
            return Step("mutate", (phylogeny.commit(0),))
        others = [] if self._alone(phylogeny, agent, own) else _others(phylogeny, own)
        number = phylogeny.last_step(agent) + 1
        if others and self._merge_every and number % self._merge_every == 0:
            return Step(MERGE, (here, self._mate(phylogeny, own, others, random)))
        if own and random.random() < self._backtrack:
            return Step("mutate", (self._ancestor(phylogeny, own, random),), (here,))
        if not others:
            return Step("mutate", (here,))
        return self._among(phylogeny, own, others, random)

    def _alone(self, phylogeny: Phylogeny, agent: str, own: int) -> bool:
        """Whether an agent is on a climb of its own that it should end first, and moves."""
        later = 0 < self._patience < phylogeny.step(own)
        if not later and not self._aloof:
            return False
        *line, _ = phylogeny.lineage(own)
        anew = later and phylogeny.step(line[-1]) > self._patience
        still = max(self._aloof, self._patience // 2 if anew else 0)
        return (
            still > 0
            and all(phylogeny.agent(row) == agent for row in line)
            and not stuck(phylogeny, agent, still)
        )

    def _among(self, phylogeny: Phylogeny, own: int, others: list[int], random: Random) -> Step:
        """Explore, cross, borrow or mutate."""
        here = phylogeny.commit(own)
        if random.random() < self._explore:
            return Step("mutate", (self._anyone(phylogeny, random),), (here,))
        other = self._mate(phylogeny, own, others, random)
        if random.random() < self._cross:
            return Step("cross", (here, other))
        if random.random() < self._borrow:
            picked = self._pick(phylogeny, others, random)
            return Step("mutate", (phylogeny.commit(picked),), (here,))
        return Step("mutate", (here,), (other,))

    def _mate(self, phylogeny: Phylogeny, own: int, others: list[int], random: Random) -> CommitId:
        return phylogeny.commit(mate(phylogeny, own, others, self._mates, random))

    def _ancestor(self, phylogeny: Phylogeny, own: int, random: Random) -> CommitId:
        line = [row for row in phylogeny.lineage(own)[1:] if eligible(phylogeny, row)]
        return phylogeny.commit(random.choice(line or [0]))

    def _pick(self, phylogeny: Phylogeny, tips: list[int], random: Random) -> int:
        drawn = random.sample(tips, min(self._tournament, len(tips)))
        return max(drawn, key=phylogeny.fitness)

    def _anyone(self, phylogeny: Phylogeny, random: Random) -> CommitId:
        drawn = draw(phylogeny, _DRAWN, self._window, random)
        rows = list(dict.fromkeys([*drawn, *phylogeny.best(_ELITE)])) or [0]
        return phylogeny.commit(roulette(phylogeny, rows, self._pressure, random))

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Better than where the agent stands, or as good and shorter; when stuck, see ``patience``."""
        if begins_anew(phylogeny, agent, offspring, outcome, self._patience):
            return True
        if not improves(phylogeny, agent, offspring, outcome):
            return False
        there = phylogeny.index(offspring)
        here = standing(phylogeny, agent)
        if phylogeny.fitness(there) != phylogeny.fitness(here):
            return True
        if random.random() < self._drift:
            return True
        beyond = phylogeny.fitness(here) != phylogeny.fitness(0)
        return beyond and phylogeny.growth(here, there) < 0


def _others(phylogeny: Phylogeny, own: int) -> list[int]:
    """Where the other agents stand; and the best of all, if everybody has left it."""
    tips, best = phylogeny.population(), phylogeny.best(1)
    if best and not any(phylogeny.fitness(tip) >= phylogeny.fitness(best[0]) for tip in tips):
        tips.append(best[0])
    return [tip for tip in tips if tip != own and phylogeny.score(tip) is not None]
