"""Pruned and pinned: which individuals a decision is about, and that it changes something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from evogit.errors import NothingToDoError
from evogit.ids import CommitId, several

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny


def check_news(
    chosen: Sequence[CommitId], marked: Collection[CommitId], word: str, *, wanted: bool
) -> None:
    """Check that a decision gives, or takes, at least one individual a mark.

    Args:
        chosen: whom it is about.
        marked: who has the mark.
        word: what they are called who have it.
        wanted: whether the decision gives it.

    Raises:
        NothingToDoError: all have it already, or nobody has it.
    """
    if chosen and all((commit in marked) is wanted for commit in chosen):
        said = f"{word} already" if wanted else f"not {word}"
        raise NothingToDoError(
            f"{several(chosen)}: {said}", hint="evogit op log lists what was decided"
        )


def pruned_above(
    phylogeny: Phylogeny, chosen: Sequence[CommitId], pruned: Collection[CommitId]
) -> list[CommitId]:
    """What was pruned for ``chosen`` to be gone: they themselves, or what they descend from.

    Raises:
        NothingToDoError: nothing was.
        NotFoundError: one is no individual.
    """
    rows = [phylogeny.index(commit) for commit in chosen]
    found = [
        root
        for root in sorted(pruned)
        if root in phylogeny
        and any(phylogeny.is_ancestor(phylogeny.index(root), row) for row in rows)
    ]
    if not found:
        check_news(chosen, (), "pruned", wanted=False)
    return found
