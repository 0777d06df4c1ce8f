"""Age layers: the young compete with the young, so that a new climb is not lost to old champions.

Hornby, "ALPS: the age-layered population structure for reducing the problem of premature
convergence", GECCO 2006. Age is the length of the longest line of ancestors: how many generations
the oldest material has been evolving, which is what the paper counts.
"""

from __future__ import annotations

from random import Random

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import improves, option, recombined
from evogit.strategies.selection import draw, tournament


class AgeLayers:
    """Parents come from one layer of age and the layer below it.

    Args:
        layers: how many; the last has no limit of age.
        gap: the limits are this times 1, 2, 4, 9, 16 ... generations.
        renew: in the youngest layer, the chance to start again from the base.
        size: how many of a layer compete to be a parent.
        window: how many of the newest individuals may be parents.
        elite: how many of the fittest of all time may be, besides.
        cross: chance of recombining two parents by the agent's own operator.
        merge: chance of merging them.
    """

    def __init__(
        self,
        *,
        layers: object = 5,
        gap: object = 3,
        renew: object = 0.5,
        size: object = 4,
        window: object = 500,
        elite: object = 10,
        cross: object = 0.15,
        merge: object = 0.05,
    ) -> None:
        count = int(option("layers", layers, 2, 30))
        step = int(option("gap", gap, 1, 10**6))
        self._limits = [step * (max(i * i, i + 1)) for i in range(count)]
        self._renew = option("renew", renew, 0, 1)
        self._size = int(option("size", size, 1, 1000))
        self._window = int(option("window", window, 1, 10**6))
        self._elite = int(option("elite", elite, 0, 1000))
        self._cross = option("cross", cross, 0, 1)
        self._merge = option("merge", merge, 0, 1)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Choose a layer that has members, then parents by tournaments among them.

        The youngest can always be chosen: who is renewed from the base belongs there.
        """
        del agent
        members = self._members(phylogeny, random)
        layer = random.choice(sorted(members.keys() | {0}))
        if layer == 0 and (0 not in members or random.random() < self._renew):
            return Step("mutate", (phylogeny.commit(0),))
        pool = members[layer] + members.get(layer - 1, [])
        first, second = (tournament(phylogeny, pool, self._size, random) for _ in range(2))
        return recombined(
            phylogeny, (first, second), cross=self._cross, merge=self._merge, random=random
        )

    def layer(self, age: int) -> int:
        """The layer of an age in generations."""
        last = len(self._limits) - 1
        return next((i for i, limit in enumerate(self._limits[:last]) if age <= limit), last)

    def _members(self, phylogeny: Phylogeny, random: Random) -> dict[int, list[int]]:
        """Those drawn of each layer that has any."""
        count = 4 * self._size * len(self._limits)
        found: dict[int, list[int]] = {}
        for row in draw(phylogeny, count, self._window, random, self._elite):
            found.setdefault(self.layer(phylogeny.generation(row)), []).append(row)
        return found

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Not worse than the agent's tip: branches show the best, layers are in the phylogeny."""
        del random
        return improves(phylogeny, agent, offspring, outcome)
