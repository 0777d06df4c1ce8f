"""What reading one file for its tests yields."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

MAX_LENGTH: Final = 2**20
"""A longer file is not read for tests, and so may not change."""

Piece = tuple[str | int, str]
"""Where it stands, and what it reads."""


@dataclass(frozen=True, slots=True)
class Found:
    """The tests inside one file.

    Args:
        fixed: pieces of which no other file may have more or fewer.
        kept: pieces that must stay, beside which new ones are welcome.
        spans: where the fixed ones stand, as offsets, in order.
    """

    fixed: Counter[Piece] = field(default_factory=Counter[Piece])
    kept: Counter[Piece] = field(default_factory=Counter[Piece])
    spans: tuple[tuple[int, int], ...] = ()

    def stay_in(self, other: Found) -> bool:
        """Whether ``other`` holds these tests, each in its place."""
        return self.fixed == other.fixed and self.kept <= other.kept

    def text(self) -> str:
        """All of them as lines, for comparisons."""
        return "\n".join(text for pieces in (self.fixed, self.kept) for _, text in pieces)
