"""Islands: agents evolve apart and exchange individuals with few neighbours, now and then.

Tanese, "Distributed genetic algorithms", ICGA 1989; Whitley, Rana and Heckendorn, "The island model
genetic algorithm: on separability, population size and convergence", CIT 7(1), 1999.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from evogit.ids import CommitId, natural
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step
from evogit.strategies.common import choice, climbs, option, standing, stuck
from evogit.strategies.selection import eligible

Topology = Literal["ring", "star", "full"]
_TOPOLOGIES: Final[tuple[Topology, ...]] = ("ring", "star", "full")


class Islands:
    """Every agent is an island; migrants arrive by the bridges of a topology.

    Args:
        interval: every so many steps an agent looks for a migrant.
        rate: chance that one then arrives.
        topology: ``ring`` (both neighbours by name), ``star`` (all by way of the first), ``full``.
        merge: chance that an arrival is merged; otherwise it is crossed with the agent's own, as is, a
            step later, one whose merge gave nothing new.
        patience: after so many steps without a move an island starts again from the base; 0 never.
            The best individual of the swarm is never lost by that: commits stay.
    """

    def __init__(
        self,
        *,
        interval: object = 20,
        rate: object = 1.0,
        topology: object = "ring",
        merge: object = 0.5,
        patience: object = 300,
    ) -> None:
        self._interval = int(option("interval", interval, 1, 10**6))
        self._rate = option("rate", rate, 0, 1)
        self._merge = option("merge", merge, 0, 1)
        self._patience = int(option("patience", patience, 0, 10**9))
        self._topology: Topology = choice("topology", topology, _TOPOLOGIES)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Receive a migrant when it is time, else mutate the agent's own."""
        if stuck(phylogeny, agent, self._patience):
            return Step("mutate", (phylogeny.commit(0),))
        own = standing(phylogeny, agent)
        here = phylogeny.commit(own)
        number = phylogeny.last_step(agent) + 1
        due = number % self._interval == 0 and random.random() < self._rate
        in_vain = _merged_in_vain(phylogeny, agent)
        if due or in_vain:
            migrants = [row for row in self._neighbours(phylogeny, agent) if row != own]
            if migrants:
                arrived = phylogeny.commit(random.choice(migrants))
                merged = not in_vain and random.random() < self._merge
                return Step(MERGE if merged else "cross", (here, arrived))
        return Step("mutate", (here,))

    def _neighbours(self, phylogeny: Phylogeny, agent: str) -> list[int]:
        tips = phylogeny.tips
        names = sorted({*tips, agent} - {"main"}, key=natural)
        place = names.index(agent)
        if self._topology == "full":
            near = [name for name in names if name != agent]
        elif self._topology == "star":
            near = names[1:] if place == 0 else names[:1]
        else:
            near = [names[place - 1], names[(place + 1) % len(names)]]
        rows = (tips.get(name) for name in dict.fromkeys(near) if name != agent)
        return [row for row in rows if row is not None and eligible(phylogeny, row)]

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Not worse than the tip; on a stuck island any first step from the base."""
        del random
        return climbs(phylogeny, agent, offspring, outcome, self._patience)


def _merged_in_vain(phylogeny: Phylogeny, agent: str) -> bool:
    """Whether the agent's newest attempt was a merge without offspring, such as a known tree."""
    made = phylogeny.attempts(agent)
    return bool(made) and made[-1].operator == MERGE and made[-1].offspring is None
