"""Whom to mate with: by chance, or by how crowded, how alike or how unlike the others are.

Goldberg and Richardson, "Genetic algorithms with sharing for multimodal function optimization",
ICGA 1987: an individual shares its fitness with those near it, so that a crowd of equals is chosen
no more often than a loner as fit. Attraction to the alike is Deb and Goldberg's mating restriction,
"An investigation of niche and species formation in genetic function optimization", ICGA 1989.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Final, Literal

from evogit.genome.measures import NAMES, squash
from evogit.phylogeny.index import Phylogeny

Mating = Literal["random", "shared", "alike", "unlike"]
MATINGS: Final[tuple[Mating, ...]] = ("random", "shared", "alike", "unlike")
NEAR: Final = 0.1
"""Individuals closer than this share a niche; the farthest two are 1 apart."""

Point = tuple[float, ...]


def mate(phylogeny: Phylogeny, own: int, rows: Sequence[int], how: Mating, random: Random) -> int:
    """One of ``rows`` for ``own``. Weights go by rank, so the sign and unit of scores do not matter.

    Args:
        phylogeny: knows fitness and measures.
        own: the individual that looks for a mate.
        rows: scored individuals, at least one.
        how: the rule.
        random: the only source of chance.
    """
    if how == "random":
        return random.choice(rows)
    places = {row: place(phylogeny, row) for row in (own, *rows)}
    ranks = _ranks(phylogeny, rows)
    if how == "shared":
        crowds = [niche_count(places[row], [places[other] for other in rows]) for row in rows]
        weights = [ranks[row] / crowd for row, crowd in zip(rows, crowds, strict=True)]
    else:
        sign = -1.0 if how == "alike" else 1.0
        away = [distance(places[own], places[row]) / NEAR for row in rows]
        weights = [ranks[row] * math.exp(sign * d) for row, d in zip(rows, away, strict=True)]
    return random.choices(rows, weights)[0]


def place(phylogeny: Phylogeny, row: int) -> Point:
    """Where an individual lies among all, each coordinate from 0 to 1."""
    found = phylogeny.measures.of(phylogeny.tree(row))
    return tuple(squash(name, found[name]) for name in NAMES)


def distance(a: Point, b: Point) -> float:
    """How unlike two are, from 0 to 1."""
    return math.dist(a, b) / math.sqrt(len(NAMES))


def niche_count(point: Point, others: Sequence[Point]) -> float:
    """The sum of the sharing function over all others, itself among them: at least 1."""
    return max(1.0, math.fsum(max(0.0, 1 - distance(point, other) / NEAR) for other in others))


def _ranks(phylogeny: Phylogeny, rows: Sequence[int]) -> dict[int, int]:
    """From 1 for the worst; as fit is as high."""
    levels = sorted({phylogeny.fitness(row) for row in rows})
    number = {fitness: rank for rank, fitness in enumerate(levels, 1)}
    return {row: number[phylogeny.fitness(row)] for row in rows}
