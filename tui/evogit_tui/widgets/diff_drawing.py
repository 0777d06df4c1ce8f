"""Turns rows of a comparison into styled cells. Signs say what colours say: ``+`` and ``-``.

Added is blue and light, removed is orange and dark, so that neither colour blindness nor a grey
screen makes them the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rich.segment import Segment
from rich.style import Style

from evogit_tui.widgets.diff_reading import Block, Row
from evogit_tui.widgets.diff_syntax import Role

SIGNS: Final = {"added": "+", "removed": "-"}
_PLAIN: Final = Style.null()


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles of one theme."""

    roles: dict[Role, Style]
    backgrounds: dict[str, Style]
    """By kind of row."""
    words: dict[str, Style]
    """Changed words, by kind of row."""
    heading: Style
    hunk: Style
    faint: Style
    note: Style
    cursor: Style
    gap: Style
    """The side that has no such line."""


def _style(color: str = "", background: str = "", *, bold: bool = False) -> Style:
    return Style(color=color or None, bgcolor=background or None, bold=bold or None)


_DARK: Final = Palette(
    roles={
        "keyword": _style("#7CC4F0"),
        "name": _style("#F0E442"),
        "string": _style("#8FD6B4"),
        "number": _style("#E0A0C4"),
        "comment": Style(color="#98A2AC", italic=True),
        "builtin": _style("#B7C9F5"),
    },
    backgrounds={"added": _style(background="#17405A"), "removed": _style(background="#38190C")},
    words={
        "added": Style(bgcolor="#2A7099", bold=True, underline=True),
        "removed": Style(bgcolor="#7A3413", bold=True, underline=True),
    },
    heading=_style("#FFFFFF", "#2E3844", bold=True),
    hunk=_style("#A9B4C0", "#1C232B"),
    faint=_style("#7F8993"),
    note=Style(color="#A9B4C0", italic=True),
    cursor=_style("#101418", "#E69F00", bold=True),
    gap=_style(background="#0B0E11"),
)
_LIGHT: Final = Palette(
    roles={
        "keyword": _style("#004F86"),
        "name": _style("#6B4E00"),
        "string": _style("#00573F"),
        "number": _style("#7A2F5C"),
        "comment": Style(color="#5A626A", italic=True),
        "builtin": _style("#3B3F9A"),
    },
    backgrounds={"added": _style(background="#DDF0FA"), "removed": _style(background="#F4CDAF")},
    words={
        "added": Style(bgcolor="#A5D8F3", bold=True, underline=True),
        "removed": Style(bgcolor="#E29A66", bold=True, underline=True),
    },
    heading=_style("#000000", "#D5DAE0", bold=True),
    hunk=_style("#3C444C", "#ECEFF2"),
    faint=_style("#646C74"),
    note=Style(color="#4A525A", italic=True),
    cursor=_style("#FFFFFF", "#0072B2", bold=True),
    gap=_style(background="#E9EBEE"),
)


def palette(*, dark: bool) -> Palette:
    """The styles that fit a theme."""
    return _DARK if dark else _LIGHT


def counts(block: Block) -> str:
    """``+2 -1``, or a question mark while nobody counted."""
    change = block.change
    if change.added is None or change.removed is None:
        return "" if not change.comparable else "?"
    return f"+{change.added} -{change.removed}"


def heading(block: Block, colours: Palette) -> list[Segment]:
    """The line above a file."""
    change = block.change
    parts = [f"{change.status} {change.path}", counts(block), ", ".join(change.remarks)]
    return [Segment(" " + "  ".join(part for part in parts if part) + " ", colours.heading)]


def styled(row: Row, colours: Palette) -> list[Segment]:
    """A line's text with its syntax and changed words."""
    base = colours.backgrounds.get(row.kind, _PLAIN)
    if not row.spans and not row.changed:
        return [Segment(row.text, base)]
    cuts = {0, len(row.text)}
    for start, end, *_ in (*row.spans, *row.changed):
        cuts |= {min(start, len(row.text)), min(end, len(row.text))}
    points = sorted(cuts)
    roles = _Spread([(start, end, colours.roles[role]) for start, end, role in row.spans])
    word = colours.words.get(row.kind, _PLAIN)
    words = _Spread([(start, end, word) for start, end in row.changed])
    return [Segment(row.text[a:b], base + roles.at(a) + words.at(a)) for a, b in pairwise(points)]


class _Spread:
    """Styles by position, asked from left to right."""

    def __init__(self, spans: list[tuple[int, int, Style]]) -> None:
        self._spans = spans
        self._next = 0

    def at(self, position: int) -> Style:
        while self._next < len(self._spans) and self._spans[self._next][1] <= position:
            self._next += 1
        if self._next < len(self._spans) and self._spans[self._next][0] <= position:
            return self._spans[self._next][2]
        return _PLAIN
