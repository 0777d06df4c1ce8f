"""Individuals in an order that every clone gives, however and whenever it read them.

Their numbers follow the order in which they arrived here, and another one after the disposable
cache was made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evogit.ids import CommitId
    from evogit.phylogeny.index import Phylogeny


def age(phylogeny: Phylogeny, i: int) -> tuple[int, int, CommitId]:
    """What individuals are ordered by: generation, commit date, id. Parents come before children."""
    return phylogeny.generation(i), phylogeny.time(i), phylogeny.commit(i)


def by_age(phylogeny: Phylogeny) -> list[int]:
    """All individuals, oldest first."""
    return sorted(range(len(phylogeny)), key=lambda i: age(phylogeny, i))
