"""Delta debugging: the part of a change that still does what the whole does.

The algorithm is ddmin of Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
IEEE Transactions on Software Engineering 28(2), 2002, figure 6: its result is 1-minimal, which means
that no single piece can be left out. It is not always the smallest part there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def minimize(pieces: Sequence[T], enough: Callable[[Sequence[T]], bool]) -> list[T]:
    """A part of ``pieces``, in order, that is ``enough`` and of which nothing can be left out.

    Args:
        pieces: together they are enough; this is not asked.
        enough: whether a part of them is. Asked at most about n² times, typically far less; once it
            answers no to everything (a budget is used up) the part found so far is returned.
    """
    kept, parts = list(pieces), 2
    while len(kept) >= 2:
        size = -(-len(kept) // parts)
        chunks = [kept[i : i + size] for i in range(0, len(kept), size)]
        smaller = _smaller(kept, chunks, enough)
        if smaller is not None:
            parts = max(parts - 1, 2)
            kept = smaller
        elif size == 1:
            break
        else:
            parts = min(len(kept), parts * 2)
    if len(kept) == 1 and enough([]):
        return []
    return kept


def _smaller(
    kept: Sequence[T], chunks: Sequence[Sequence[T]], enough: Callable[[Sequence[T]], bool]
) -> list[T] | None:
    """What is left without one of the chunks, if that is enough; large leavings first."""
    start = 0
    for chunk in chunks:
        left = [*kept[:start], *kept[start + len(chunk) :]]
        start += len(chunk)
        if left and enough(left):
            return left
    return None
