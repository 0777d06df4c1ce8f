"""Which words of a human still wait for a lineage.

Feedback names an individual. The first attempt with a prompt, begun later, whose parents include it or a
descendant consumes it, whatever comes of that attempt: the words were in its prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from evogit.errors import NotFoundError
from evogit.ids import CommitId
from evogit.steering.state import Feedback, Steering


class Descent(Protocol):
    """What is asked of the phylogeny."""

    def index(self, commit: CommitId) -> int:
        """The number of an individual."""
        ...

    def is_ancestor(self, a: int, b: int) -> bool:
        """Whether ``a`` is ``b`` or one of its ancestors."""
        ...


Attempted = Callable[[float], Iterable[tuple[float, Sequence[CommitId]]]]
"""Given a time: (when it was begun, parents) of every attempt begun since then that had a prompt."""


def pending(
    steering: Steering, phylogeny: Descent, parents: Sequence[CommitId], attempted: Attempted
) -> list[Feedback]:
    """What the next prompt for offspring of ``parents`` has to say, oldest first.

    ``attempted`` is called only if there is feedback for these parents at all. Two agents that ask
    at the same moment, before either recorded its attempt, are both told.
    """
    waiting = [item for item in steering.feedback if _concerns(item, phylogeny, parents)]
    if not waiting:
        return []
    later = list(attempted(min(item.time for item in waiting)))
    return [item for item in waiting if not _consumed(item, phylogeny, later)]


def _consumed(
    item: Feedback, phylogeny: Descent, attempts: Iterable[tuple[float, Sequence[CommitId]]]
) -> bool:
    return any(
        time >= item.time and _concerns(item, phylogeny, parents) for time, parents in attempts
    )


def _concerns(item: Feedback, phylogeny: Descent, parents: Sequence[CommitId]) -> bool:
    roots, tips = _rows(phylogeny, item.commits), _rows(phylogeny, parents)
    return any(phylogeny.is_ancestor(root, tip) for root in roots for tip in tips)


def _rows(phylogeny: Descent, commits: Iterable[CommitId]) -> list[int]:
    rows: list[int] = []
    for commit in commits:
        try:
            rows.append(phylogeny.index(commit))
        except NotFoundError:  # from a host whose individuals have not arrived yet
            continue
    return rows
