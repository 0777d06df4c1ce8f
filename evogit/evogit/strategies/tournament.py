"""A steady-state genetic algorithm over everything that was ever scored.

Goldberg and Deb, "A comparative analysis of selection schemes", FOGA 1991 (tournaments); Syswerda, "A
study of reproduction in generational and steady-state genetic algorithms", FOGA 1991.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from evogit.ids import CommitId
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import choice, improves, option, recombined
from evogit.strategies.selection import draw, puct, roulette, tournament

Sampling = Literal["tournament", "roulette", "puct"]
_SAMPLINGS: Final[tuple[Sampling, ...]] = ("tournament", "roulette", "puct")


class Tournament:
    """Parents come from the newest and the best of the whole swarm, whoever made them.

    Args:
        size: how many compete; larger is greedier.
        window: how many of the newest individuals may be parents.
        elite: how many of the fittest of all time may be, besides, with the same chance as those.
        cross: chance of recombining two parents by the agent's own operator.
        merge: chance of merging them.
        sampling: ``tournament``; ``roulette``: weighted by fitness and few offspring; or ``puct``: the
            second parent by ``roulette``, the first as tree search would expand it.
        pressure: how strongly ``roulette`` prefers the fit.
        exploration: how strongly ``puct`` prefers those with few offspring.
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
        exploration: object = 1.0,
    ) -> None:
        self._size = int(option("size", size, 1, 1000))
        self._window = int(option("window", window, 1, 10**6))
        self._elite = int(option("elite", elite, 0, 1000))
        self._cross = option("cross", cross, 0, 1)
        self._merge = option("merge", merge, 0, 1)
        self._pressure = option("pressure", pressure, 0, 100)
        self._exploration = option("exploration", exploration, 0, 100)
        self._sampling: Sampling = choice("sampling", sampling, _SAMPLINGS)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Choose two parents; merge, cross, or mutate the first with the second to read."""
        del agent
        pool = draw(phylogeny, 4 * self._size, self._window, random, self._elite) or [0]
        first = self._pick(phylogeny, pool, self._sampling, random)
        again: Sampling = "roulette" if self._sampling == "puct" else self._sampling
        second = self._pick(phylogeny, pool, again, random)
        return recombined(
            phylogeny, (first, second), cross=self._cross, merge=self._merge, random=random
        )

    def _pick(
        self, phylogeny: Phylogeny, pool: list[int], sampling: Sampling, random: Random
    ) -> int:
        scored = [row for row in pool if phylogeny.score(row) is not None]
        if not scored:
            return random.choice(pool)
        match sampling:
            case "tournament":
                return tournament(phylogeny, scored, self._size, random)
            case "roulette":
                return roulette(phylogeny, scored, self._pressure, random)
            case "puct":
                return puct(phylogeny, scored, self._exploration)

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
