"""Ways to choose parents among individuals; each says where it comes from.

All work with negative scores, minimisation and failures: they see fitness (higher is better) of
individuals that have a score, and only its order or its spread, never its sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from statistics import median
from typing import Final

from evogit.phylogeny.index import Phylogeny

_TRIES: Final = 8
_LARGEST: Final = 30.0
"""Beyond this many spreads from the median a logistic weight no longer changes."""


def eligible(phylogeny: Phylogeny, row: int) -> bool:
    """Whether an individual may be a parent: scored, not pruned, not held."""
    return (
        phylogeny.score(row) is not None
        and not phylogeny.pruned(row)
        and not phylogeny.quarantine.holds(row)
    )


def draw(
    phylogeny: Phylogeny, count: int, window: int, random: Random, elite: int = 0
) -> list[int]:
    """Up to ``count`` random individuals that may be parents, all alike likely.

    They are of the newest ``window`` and the ``elite`` fittest of all time. Costs as much as it draws,
    however many individuals there are. May be empty.
    """
    size = len(phylogeny)
    first = max(0, size - window)
    older = [row for row in phylogeny.best(elite) if row < first] if elite else []
    numbers = (random.randrange(first - len(older), size) for _ in range(count * _TRIES))
    drawn = (row if row >= first else older[first - row - 1] for row in numbers)
    found = dict.fromkeys(row for row in drawn if eligible(phylogeny, row))
    return list(found)[:count]


def tournament(phylogeny: Phylogeny, rows: Sequence[int], size: int, random: Random) -> int:
    """The fittest of ``size`` of ``rows`` (Goldberg and Deb, FOGA 1991)."""
    return max(random.sample(rows, min(size, len(rows))), key=phylogeny.fitness)


def roulette(phylogeny: Phylogeny, rows: Sequence[int], pressure: float, random: Random) -> int:
    """One of ``rows``, likelier if it is fit and has few offspring; see ``weights``."""
    fitness = [phylogeny.fitness(row) for row in rows]
    offspring = [len(phylogeny.children(row)) for row in rows]
    return random.choices(rows, weights(fitness, offspring, pressure))[0]


def weights(fitness: Sequence[float], offspring: Sequence[int], pressure: float) -> list[float]:
    """Weights of individuals by their fitness and number of offspring; none is 0.

    logistic(pressure * (fitness - median) / MAD) / (1 + offspring), after ShinkaEvolve (Lange, Imajuku
    and Cetin, arXiv 2509.19349, section 3.1): dividing by the median absolute deviation makes it
    independent of the score's unit.
    """
    middle = median(fitness)
    spread = median(abs(value - middle) for value in fitness) or _spread(fitness, middle) or 1.0
    return [
        _logistic(pressure * (value - middle) / spread) / (1 + count)
        for value, count in zip(fitness, offspring, strict=True)
    ]


def _spread(fitness: Sequence[float], middle: float) -> float:
    """The largest deviation, where more than half of all are alike."""
    return max(abs(value - middle) for value in fitness)


def puct(phylogeny: Phylogeny, rows: Sequence[int], exploration: float) -> int:
    """The one of ``rows`` that tree search would expand: fit, or hardly tried.

    rank + exploration * sqrt(all offspring) / (1 + offspring), with ranks from 0 to 1, after the PUCT
    rule of Silver et al., "Mastering the game of Go without human knowledge", Nature 550, 2017, with
    even priors. The first of equals.
    """
    order = sorted({phylogeny.fitness(row) for row in rows})
    rank = {fitness: place / max(len(order) - 1, 1) for place, fitness in enumerate(order)}
    offspring = {row: len(phylogeny.children(row)) for row in rows}
    drive = exploration * math.sqrt(1 + sum(offspring.values())) / len(rows)
    return max(rows, key=lambda r: rank[phylogeny.fitness(r)] + drive / (1 + offspring[r]))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-_LARGEST, min(_LARGEST, x))))
