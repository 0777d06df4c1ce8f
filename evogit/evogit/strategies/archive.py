"""Archives: a space of behaviour cut into niches, by a grid or by a centroidal Voronoi tessellation.

Mouret and Clune, "Illuminating search spaces by mapping elites", arXiv 1504.04909, 2015 (grids);
Vassiliades, Chatzilygeroudis and Mouret, "Using centroidal Voronoi tessellations to scale up the
multidimensional archive of phenotypic elites algorithm", IEEE Transactions on Evolutionary
Computation 22(4), 2018 (CVT: as many niches as wanted in any number of dimensions).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Final

Point = tuple[float, ...]
"""Coordinates from 0 to 1."""
_GRID_AXES: Final = 3
_SAMPLES_EACH: Final = 8
_ROUNDS: Final = 8


class Grid:
    """Cells of one size.

    Args:
        niches: about how many; their number per axis is the same.
        axes: how many axes.
    """

    def __init__(self, niches: int, axes: int) -> None:
        self._each = max(1, round(niches ** (1 / axes)))

    def niche(self, point: Point) -> int:
        """The number of the cell that holds ``point``."""
        found = 0
        for value in point:
            found = found * self._each + min(int(value * self._each), self._each - 1)
        return found


class Voronoi:
    """Cells around centroids that are spread evenly: the same for the same arguments.

    Args:
        niches: how many.
        axes: how many axes.
    """

    def __init__(self, niches: int, axes: int) -> None:
        random = Random(f"{niches} {axes}")
        samples = [
            tuple(random.random() for _ in range(axes)) for _ in range(niches * _SAMPLES_EACH)
        ]
        self.centroids: Sequence[Point] = samples[:niches]
        for _ in range(_ROUNDS):
            self.centroids = self._moved(samples)

    def _moved(self, samples: Sequence[Point]) -> list[Point]:
        """One round of Lloyd's algorithm: every centroid moves to the mean of its samples."""
        near: list[list[Point]] = [[] for _ in self.centroids]
        for sample in samples:
            near[self.niche(sample)].append(sample)
        return [
            tuple(math.fsum(axis) / len(found) for axis in zip(*found, strict=True))
            if found
            else old
            for old, found in zip(self.centroids, near, strict=True)
        ]

    def niche(self, point: Point) -> int:
        """The number of the nearest centroid; the first of equally near ones."""
        distances = [math.dist(point, centroid) for centroid in self.centroids]
        return distances.index(min(distances))


def tessellate(niches: int, axes: int) -> Grid | Voronoi:
    """A grid for up to three axes, beyond that Voronoi cells: a grid would need too many."""
    return Grid(niches, axes) if axes <= _GRID_AXES else Voronoi(niches, axes)
