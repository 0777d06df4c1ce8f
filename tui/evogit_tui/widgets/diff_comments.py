"""Comments on hunks, collected until a human sends them as feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evogit.ids import CommitId
from evogit.text import clean
from evogit_tui.widgets.diff_drawing import SIGNS
from evogit_tui.widgets.diff_reading import Block, Row

_QUOTED: Final = 30
"""Lines of a hunk that a comment quotes."""
_QUOTED_LINE: Final = 200
MAX_TEXT: Final = 20_000
"""What a decision can hold."""


@dataclass(frozen=True, slots=True)
class Place:
    """A hunk, by its first changed line: that stays the same when more context is shown."""

    commit: CommitId
    path: str
    old: int
    new: int

    @property
    def where(self) -> str:
        """``path:line`` in the individual, or in its parent for what was removed."""
        return f"{self.path}:{self.new or self.old}"


@dataclass(frozen=True, slots=True)
class Comment:
    """What a human said to a hunk, and the hunk."""

    place: Place
    quote: tuple[str, ...]
    text: str


def place_of(commit: CommitId, block: Block, rows: Sequence[Row]) -> Place:
    """Where a hunk is."""
    row = next((row for row in rows if row.kind in SIGNS), rows[0])
    return Place(commit, block.change.path, row.old, row.new)


def quote_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The changed lines of a hunk with their signs, cut where it is long."""
    changed = [f"{SIGNS[row.kind]} {row.text[:_QUOTED_LINE]}" for row in rows if row.kind in SIGNS]
    cut = len(changed) - _QUOTED
    return (*changed[:_QUOTED], *((f"... {cut} more changed lines",) if cut > 0 else ()))


class Comments:
    """The comments that wait, in the order in which they were made."""

    def __init__(self) -> None:
        self._waiting: dict[Place, Comment] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, comment: Comment) -> None:
        """Keep a comment in place of an earlier one on the same hunk; an empty one takes it away."""
        if comment.text.strip():
            self._waiting[comment.place] = comment
        else:
            self._waiting.pop(comment.place, None)

    def at(self, place: Place) -> str:
        """What was said to a hunk; empty if nothing was."""
        found = self._waiting.get(place)
        return "" if found is None else found.text

    def feedback(self) -> list[tuple[CommitId, str]]:
        """What is to be sent: a text for each individual that was commented on."""
        texts: dict[CommitId, list[str]] = {}
        for place, comment in self._waiting.items():
            quote = "\n".join(f"> {line}" for line in comment.quote)
            text = f"{place.where}\n{quote}\n{comment.text.strip()}"
            texts.setdefault(place.commit, []).append(text)
        return [(commit, clean("\n\n".join(said), MAX_TEXT)) for commit, said in texts.items()]

    def sent(self, commit: CommitId) -> None:
        """Forget what was said about an individual."""
        self._waiting = {p: c for p, c in self._waiting.items() if p.commit != commit}
