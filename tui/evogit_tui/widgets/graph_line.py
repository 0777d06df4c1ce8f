"""Draws one line of the graph: lanes, id, score, change, bar, agent, age, names and subject.

What a line shows is looked up in columns and never waits; everything that came from outside is
cleaned here, where it becomes a segment.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style

from evogit.text import clean_line
from evogit_tui.lanes import Lanes, draw
from evogit_tui.model import Facts
from evogit_tui.numerals import fitted
from evogit_tui.rows import Fold, Order
from evogit_tui.source import Source
from evogit_tui.states import STATES, StateName
from evogit_tui.widgets.graph_look import ID, Colouring, Columns, Palette, Scale, age

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = "12345678"


@dataclass(frozen=True, slots=True)
class Pen:
    """Everything a line is drawn with; a new one is made when any of it changes."""

    source: Source
    facts: Facts | None
    lanes: Lanes
    columns: Columns
    palette: Palette
    scale: Scale
    state: Callable[[int], StateName]
    order: Order
    colouring: Colouring
    ascii: bool
    now: float

    def individual(self, row: int, mark: str) -> list[Segment]:
        """The segments of an individual's line; ``mark`` is one cell at its left."""
        state = STATES[self.state(row)]
        accent = self._accent(row)
        pieces = [(f"{mark} ", self.palette.strong)]
        pieces += self._graph(row, state.ascii if self.ascii else state.glyph, state.role)
        pieces.append((self.source.commit(row)[:ID], accent))
        pieces += self._judgement(row)
        if self.columns.agent:
            name = clean_line(self.source.agent(row) or "human", 40)
            pieces.append((" " + set_cell_size(name, 8), accent))
        if self.columns.age:
            pieces.append((f" {self._age(row):>4}", self.palette.faint))
        pieces.append(("  ", self.palette.plain))
        pieces += self._words(row)
        return joined(pieces)

    def fold(self, fold: Fold, mark: str) -> list[Segment]:
        """The segments of a dead lineage drawn as one line; ``mark`` is for its newest."""
        state = STATES["pruned"]
        dots = "..." if self.ascii else "⋯"
        best = "" if fold.best is None else f", best {fold.best:.6g}"
        who = clean_line(self.source.agent(fold.newest) or self.source.commit(fold.root)[:ID], 40)
        count = "1 individual" if fold.size == 1 else f"{fold.size:,} individuals"
        text = f"{dots} folded dead lineage {who} ({count}{best})"
        pieces = [(f"{mark} ", self.palette.strong)]
        pieces += self._graph(fold.newest, state.ascii if self.ascii else state.glyph, state.role)
        return joined([*pieces, (text, self.palette.faint)])

    def _graph(self, row: int, glyph: str, role: str) -> list[tuple[str, Style]]:
        node = self.palette.roles[role]
        if self.order != "date" or row >= len(self.lanes):
            return [(f"{glyph:<{self.columns.graph}}", node)]
        lanes = self.palette.lanes
        cells = draw(self.lanes, row, self.columns.lanes, glyph, ascii_only=self.ascii)
        return [(text, node if lane < 0 else lanes[lane % len(lanes)]) for text, lane in cells]

    def _judgement(self, row: int) -> list[tuple[str, Style]]:
        score = self.source.score(row)
        if score is None:
            state = self.state(row)
            word = {"failed": "failed", "held": "held"}.get(state, "" if self.facts else "...")
            word = "pending" if state == "pending" else word
            style = self.palette.roles[STATES[state].role]
            cells = 10 + 10 * self.columns.delta + 2 * self.columns.bar
            return [(f"{word:>10}".ljust(cells), style)]
        pieces = [(f"{fitted(score, 9):>10}", self.palette.strong)]
        if self.columns.delta:
            pieces.append(self._change(row))
        if self.columns.bar:
            level = self.scale.level(self.source.fitness(row))
            bars = _ASCII_BARS if self.ascii else _BARS
            style = self.palette.lanes[0]
            pieces.append((" " + (" " if level is None else bars[level]), style))
        return pieces

    def _change(self, row: int) -> tuple[str, Style]:
        """How the score differs from that of the fittest parent; the arrow says better or worse."""
        scored = [p for p in self.source.parents(row) if self.source.score(p) is not None]
        if not scored:
            return " " * 10, self.palette.faint
        parent = max(scored, key=self.source.fitness)
        gain = self.source.fitness(row) - self.source.fitness(parent)
        if gain == 0 or math.isnan(gain):
            return f"{'=':>10}", self.palette.faint
        up, down = ("^", "v") if self.ascii else ("▲", "▼")
        text = (up if gain > 0 else down) + fitted(abs(gain), 8, 3)
        return f"{text:>10}", self.palette.roles["success" if gain > 0 else "foreground"]

    def _accent(self, row: int) -> Style:
        lanes = self.palette.lanes
        if self.colouring == "agent":
            return lanes[zlib.crc32(self.source.agent(row).encode("utf-8", "replace")) % len(lanes)]
        if self.colouring == "fitness":
            level = self.scale.level(self.source.fitness(row))
            return self.palette.faint if level is None else lanes[(7 - level) // 2]
        return lanes[self.lanes.lanes[row] % len(lanes)] if row < len(self.lanes) else lanes[0]

    def _age(self, row: int) -> str:
        when = self.source.judged_at(row)
        return "" if when is None else age(self.now - when)

    def _words(self, row: int) -> list[tuple[str, Style]]:
        pieces: list[tuple[str, Style]] = []
        for parent in self.lanes.links.get(row, ()) if self.order == "date" else ():
            link = "<-" if self.ascii else "╴"
            pieces.append((f"{link}{self.source.commit(parent)[:ID]} ", self.palette.faint))
        names = self._names(row)
        if names:
            pieces.append((f"({', '.join(names)}) ", self.palette.names))
        subject = clean_line(self.source.subject(row), self.columns.width)
        operator = clean_line(self.source.operator(row), 40)
        if operator and not subject.startswith(operator):
            pieces.append((f"{operator}: ", self.palette.faint))
        return [*pieces, (subject, self.palette.plain)]

    def _names(self, row: int) -> list[str]:
        facts = self.facts
        if facts is None:
            return []
        state = self.state(row)
        names = [state] if state in {"best", "promoted", "pruned"} else []
        if row == facts.best and state != "best":
            names.append("best")
        if row in facts.pinned:
            names.append("pinned")
        for name in facts.names.get(row, ()):
            tag = name in facts.tags and facts.tips.get(name) != row
            names.append(clean_line(f"tag: {name}" if tag else name, 40))
        return names


def joined(pieces: list[tuple[str, Style]]) -> list[Segment]:
    """Segments of pieces; neighbours of one style become one, which halves what is sent."""
    segments: list[Segment] = []
    text, last = "", pieces[0][1]
    for piece, style in pieces:
        if style is last or piece.isspace():
            text += piece
            continue
        segments.append(Segment(text, last))
        text, last = piece, style
    return [*segments, Segment(text, last)]
