"""Several objectives at once: parents come from the front that nothing dominates.

Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
Transactions on Evolutionary Computation 6(2), 2002: non-dominated sorting and crowding distance, and
the front of parents and offspring that is never lost.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Final

from evogit.errors import ConfigError
from evogit.ids import CommitId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Step
from evogit.strategies.common import option, recombined, standing
from evogit.strategies.front import Front, Values, dominates
from evogit.strategies.selection import draw

_OBJECTIVE: Final = re.compile(r"([+-])([A-Za-z_][\w.-]*)")


class Pareto:
    """Keeps apart what is better in one respect and worse in another.

    Args:
        objectives: metrics with their directions, such as ``"-seconds, -size, +coverage"``; ``score``
            stands for the fitness itself (always ``+``). An individual that lacks a metric is no parent.
        window: how many of the newest individuals may be drawn.
        sample: how many of these are drawn at random, besides all tips and the front of all time; of a
            front that is larger, so many are taken, the loneliest. The better half of all may be parents.
        cross: chance of recombining two parents by the agent's own operator.
        merge: chance of merging them.
    """

    def __init__(
        self,
        *,
        objectives: object = "+score",
        window: object = 500,
        sample: object = 60,
        cross: object = 0.15,
        merge: object = 0.05,
    ) -> None:
        self._objectives = _parsed(objectives)
        self._window = int(option("window", window, 1, 10**6))
        self._sample = int(option("sample", sample, 2, 1000))
        self._cross = option("cross", cross, 0, 1)
        self._merge = option("merge", merge, 0, 1)
        self._front = Front(self._values)

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """Two binary tournaments by rank and crowding; merge, cross, or mutate the winner."""
        rows = draw(phylogeny, self._sample, self._window, random)
        rows += [*self._elite(phylogeny), *phylogeny.population(), standing(phylogeny, agent)]
        known = {row: values for row in rows if (values := self._values(phylogeny, row))}
        if not known:
            return Step("mutate", (phylogeny.commit(0),))
        order = ranked(known)[: max(len(known) // 2, 1)]
        first, second = (_binary(order, random) for _ in range(2))
        return recombined(
            phylogeny, (first, second), cross=self._cross, merge=self._merge, random=random
        )

    def front(self, phylogeny: Phylogeny) -> list[int]:
        """All individuals, however old, that none is better than in every objective; of equals one."""
        return list(self._front.of(phylogeny))

    def _elite(self, phylogeny: Phylogeny) -> list[int]:
        """The front of all time, or the loneliest of a large one, the ends first."""
        front = self._front.of(phylogeny)
        return list(front) if len(front) <= self._sample else ranked(front)[: self._sample]

    def _values(self, phylogeny: Phylogeny, row: int) -> Values | None:
        outcome = phylogeny.outcome(row)
        if not isinstance(outcome, Scored):
            return None
        metrics = {**outcome.metrics, "score": phylogeny.fitness(row)}
        if any(name not in metrics for _, name in self._objectives):
            return None
        return tuple(sign * metrics[name] for sign, name in self._objectives)

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Unless where the agent stands dominates it."""
        del random
        if not isinstance(outcome, Scored):
            return False
        ours = self._values(phylogeny, standing(phylogeny, agent))
        theirs = self._values(phylogeny, phylogeny.index(offspring))
        return theirs is not None and (ours is None or not dominates(ours, theirs))


def _parsed(objectives: object) -> tuple[tuple[float, str], ...]:
    words = str(objectives).replace(",", " ").split()
    found = [_OBJECTIVE.fullmatch(word) for word in words]
    if not words or not all(found) or len(set(words)) != len(words):
        raise ConfigError(
            f"search.options.objectives is {objectives!r}",
            hint='name metrics with their direction: "+score, -seconds"',
        )
    if "-score" in words:
        raise ConfigError(
            f"search.options.objectives is {objectives!r}",
            hint="use +score: it is better the larger, also where a lower score is wanted",
        )
    return tuple((1.0 if m[1] == "+" else -1.0, m[2]) for m in found if m)


def ranked(known: dict[int, Values]) -> list[int]:
    """Individuals from best to worst: by front, then the lonelier first."""
    beaten = {row: [o for o, w in known.items() if dominates(v, w)] for row, v in known.items()}
    ahead = Counter(other for worse in beaten.values() for other in worse)
    order, front = list[int](), [row for row in known if not ahead[row]]
    while front:
        lonely = crowding([known[row] for row in front])
        places = sorted(range(len(front)), key=lambda i: -lonely[i])
        order += [front[i] for i in places]
        ahead.subtract(other for row in front for other in beaten[row])
        passed = dict.fromkeys(other for row in front for other in beaten[row])
        front = [other for other in passed if not ahead[other]]
    return order


def crowding(front: Sequence[Values]) -> list[float]:
    """NSGA-II's crowding distance of each of a front; infinite at its ends."""
    found = [0.0] * len(front)
    for axis in range(len(front[0]) if front else 0):
        order = sorted(range(len(front)), key=lambda i: front[i][axis])
        span = front[order[-1]][axis] - front[order[0]][axis]
        found[order[0]] = found[order[-1]] = math.inf
        for before, here, after in zip(order, order[1:], order[2:], strict=False):
            found[here] += (front[after][axis] - front[before][axis]) / (span or 1.0)
    return found


def _binary(order: Sequence[int], random: Random) -> int:
    return order[min(random.randrange(len(order)), random.randrange(len(order)))]
