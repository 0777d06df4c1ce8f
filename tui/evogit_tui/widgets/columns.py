"""Columns of a table: which there are, what stands in them, and which give way when it is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = 1
"""Cells between columns."""
ROLES: Final = (
    *("dim", "strong", "primary", "secondary", "accent"),
    *("success", "warning", "error"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        title: its heading; trusted text.
        width: cells it takes, its heading included; for a flexible one, the least.
        right: align to the right.
        flexible: takes what is left over; at most one column should.
        yields: which columns go first when there is no room: the highest number. 0 stays.
    """

    title: str
    width: int
    right: bool = False
    flexible: bool = False
    yields: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place. ``role`` is one of ``ROLES``; colour never says anything alone."""

    text: str
    role: str = ""


def fit(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """Cells for each column, 0 for one that gives way, so that all fit into ``width``."""
    chosen = set(range(len(columns)))

    def needed() -> int:
        return sum(columns[i].width + GAP for i in chosen)

    while needed() > width:
        ready = [i for i in chosen if columns[i].yields]
        if not ready:
            break
        chosen.remove(max(ready, key=lambda i: (columns[i].yields, i)))
    left = max(width - needed(), 0)
    widths = [column.width if i in chosen else 0 for i, column in enumerate(columns)]
    flexible = next((i for i in sorted(chosen) if columns[i].flexible), None)
    if flexible is not None:
        widths[flexible] += left
    return tuple(widths)
