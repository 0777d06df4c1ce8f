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


def draw(phylogeny: Phylogeny, count: int, window: int, random: Random) -> list[int]:
    """Up to ``count`` random individuals of the newest ``window`` that may be parents.

    Costs as much as it draws, however many individuals there are. May be empty.
    """
    size = len(phylogeny)
    first = max(0, size - window)
    drawn = (random.randrange(first, size) for _ in range(count * _TRIES))
    found = dict.fromkeys(row for row in drawn if eligible(phylogeny, row))
    return list(found)[:count]


def tournament(phylogeny: Phylogeny, rows: Sequence[int], size: int, random: Random) -> int:
    """The fittest of ``size`` of ``rows`` (Goldberg and Deb, FOGA 1991)."""
    return max(random.sample(rows, min(size, len(rows))), key=phylogeny.fitness)


def roulette(phylogeny: Phylogeny, rows: Sequence[int], pressure: float, random: Random) -> int:
    """One of ``rows``, likelier if it is fit and has few offspring.

    The weight is logistic(pressure * (fitness - median) / MAD) / (1 + offspring), after ShinkaEvolve
    (Lange, Imajuku and Cetin, arXiv 2509.19349, section 3.1): dividing by the median absolute deviation
    makes it independent of the score's unit.
    """
    fitness = [phylogeny.fitness(row) for row in rows]
    middle = median(fitness)
    spread = median(abs(value - middle) for value in fitness) or 1.0
    weights = [
        _logistic(pressure * (value - middle) / spread) / (1 + len(phylogeny.children(row)))
        for value, row in zip(fitness, rows, strict=True)
    ]
    return random.choices(rows, weights)[0]


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-_LARGEST, min(_LARGEST, x))))
