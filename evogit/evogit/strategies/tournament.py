"""A steady-state genetic algorithm over everything that was ever scored.

Goldberg and Deb, "A comparative analysis of selection schemes", FOGA 1991 (tournaments); Syswerda, "A
study of reproduction in generational and steady-state genetic algorithms", FOGA 1991.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from evogit.errors import ConfigError
from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step
from evogit.strategies.common import improves, option
from evogit.strategies.selection import draw, roulette, tournament

Sampling = Literal["tournament", "roulette"]
_SAMPLINGS: Final[tuple[Sampling, ...]] = ("tournament", "roulette")


class Tournament:
    """Parents come from the newest individuals of the whole swarm, whoever made them.

    Args:
        size: how many compete; larger is greedier.
        window: how many of the newest individuals may be parents.
        elite: how many of the fittest of all time may be, besides.
        cross: chance of recombining two parents by the agent's own operator.
        merge: chance of merging them.
        sampling: ``tournament``, or ``roulette``: weighted by fitness and few offspring.
        pressure: how strongly ``roulette`` prefers the fit.
    """

    def __init__(
        self,
        *,
        size: object = 4,
        window: object = 200,
        elite: object = 10,
        cross: object = 0.15,
        merge: object = 0.05,
        sampling: object = "tournament",
        pressure: object = 3.0,
    ) -> None:
        self._size = int(option("size", size, 1, 1000))
        self._window = int(option("window", window, 1, 10**6))
        self._elite = int(option("elite", elite, 0, 1000))
        self._cross = option("cross", cross, 0, 1)
        self._merge = option("merge", merge, 0, 1)
        self._pressure = option("pressure", pressure, 0, 100)
        if sampling not in _SAMPLINGS:
            raise ConfigError(
                f"search.options.sampling is {sampling!r}", hint=f"use {' or '.join(_SAMPLINGS)}"
            )
        self._sampling: Sampling = sampling

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Choose two parents; merge, cross, or mutate the first with the second to read."""
        del agent
        pool = draw(phylogeny, 4 * self._size, self._window, random)
        pool = list(dict.fromkeys([*pool, *phylogeny.best(self._elite)])) or [0]
        first, second = (self._pick(phylogeny, pool, random) for _ in range(2))
        parents = (phylogeny.commit(first), phylogeny.commit(second))
        if first == second:
            return Step("mutate", parents[:1])
        chance = random.random()
        if chance < self._merge:
            return Step(MERGE, parents)
        if chance < self._merge + self._cross:
            return Step("cross", parents)
        return Step("mutate", parents[:1], parents[1:])

    def _pick(self, phylogeny: Phylogeny, pool: list[int], random: Random) -> int:
        scored = [row for row in pool if phylogeny.score(row) is not None]
        if not scored:
            return random.choice(pool)
        if self._sampling == "roulette":
            return roulette(phylogeny, scored, self._pressure, random)
        return tournament(phylogeny, scored, self._size, random)

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Not worse than the agent's tip: branches show the best of each agent."""
        del random
        return improves(phylogeny, agent, offspring, outcome)
