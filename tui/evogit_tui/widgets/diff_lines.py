"""The lines of a comparison on the screen: one below the other, or old and new side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evogit_tui.widgets.diff_reading import Block, Row

_UNREAD: Final = Row("more", "not read yet")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the screen.

    ``left`` and ``right`` are the same row unless the screen is split; ``None`` is a gap.
    """

    block: int
    left: Row | None
    right: Row | None

    @property
    def row(self) -> Row:
        """The row a human means who points here: the new side, if it has one."""
        row = self.right or self.left
        assert row is not None  # noqa: S101 - a line has a side
        return row


def lines_of(blocks: Sequence[Block], *, split: bool) -> list[Line]:
    """All lines of all files in order."""
    found: list[Line] = []
    for number, block in enumerate(blocks):
        rows = block.rows if block.rows is not None else (Row("file", block.change.path), _UNREAD)
        if split:
            found += [Line(number, left, right) for left, right in _pairs(rows)]
        else:
            found += [Line(number, row, row) for row in rows]
    return found


def _pairs(rows: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    at = 0
    while at < len(rows):
        removed = _run(rows, at, "removed")
        added = _run(rows, removed, "added")
        if added == at:
            yield rows[at], rows[at]
            at += 1
            continue
        for place in range(max(removed - at, added - removed)):
            old, new = at + place, removed + place
            yield rows[old] if old < removed else None, rows[new] if new < added else None
        at = added


def _run(rows: Sequence[Row], at: int, kind: str) -> int:
    while at < len(rows) and rows[at].kind == kind:
        at += 1
    return at
