"""A plot as characters: dots, and the best so far as a step line. Pure; bounded by its size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evogit_tui.numerals import fitted

Kind = Literal["tried", "failed", "step", "merge", "promoted", "best"]
"""What a dot is: an offspring beside the lineage, one without a score, a step of the lineage."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One individual. ``y`` is ``None`` if it has no score; it is then drawn at the lower edge."""

    x: float
    y: float | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Manner:
    """How to draw.

    Args:
        maximize: whether the best is the largest; ``None`` if nobody knows: then the line goes
            through every step instead of the records only.
        log: logarithmic y axis; ignored if a step is not positive.
        ascii: ASCII characters only.
    """

    maximize: bool | None = True
    log: bool = False
    ascii: bool = False


@dataclass(frozen=True, slots=True)
class Pixel:
    """A character and the role it is coloured by."""

    char: str = " "
    role: str = ""


_GLYPHS: Final[dict[Kind, tuple[str, str, str]]] = {
    "tried": ("·", ".", "dim"),
    "failed": ("✗", "x", "error"),
    "step": ("●", "o", "success"),
    "merge": ("◎", "M", "primary"),
    "promoted": ("★", "P", "accent"),
    "best": ("◆", "*", "warning"),
}
_ORDER: Final = tuple(_GLYPHS)
_LABEL: Final = 9
_LEAST: Final = (24, 4)


class Scale:
    """Values of the y axis to rows, 0 at the top.

    Args:
        low: the smallest value shown.
        high: the largest.
        rows: how many there are.
        log: logarithmic.
    """

    def __init__(self, low: float, high: float, rows: int, *, log: bool) -> None:
        self._log = log
        self._low, self._high = self._map(low), self._map(high)
        self._rows = rows

    def _map(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def row(self, value: float) -> int:
        """The row of a value; -1 above the top, ``rows`` below the bottom."""
        if self._log and value <= 0:
            return self._rows
        share = (self._map(value) - self._low) / (self._high - self._low)
        row = round((1 - share) * (self._rows - 1))
        return max(-1, min(row, self._rows))

    def value(self, row: int) -> float:
        """The value in the middle of a row."""
        share = 1 - row / max(self._rows - 1, 1)
        found = self._low + share * (self._high - self._low)
        return 10**found if self._log else found


def plot(
    dots: Sequence[Dot], size: tuple[int, int], manner: Manner, *, unit: str = ""
) -> list[list[Pixel]]:
    """Rows of pixels, exactly as many as ``size`` says (width, height).

    Args:
        dots: in any order; those whose y lies far off the lineage become arrows at an edge.
        size: in cells.
        manner: how to draw.
        unit: what the x axis counts.
    """
    width, height = size
    canvas = [[Pixel()] * width for _ in range(height)]
    known = sorted(
        (dot for dot in dots if dot.y is None or math.isfinite(dot.y)), key=lambda dot: dot.x
    )
    scored = [dot.y for dot in known if dot.y is not None]
    if width < _LEAST[0] or height < _LEAST[1] or not scored:
        if height:
            _write(canvas[height // 2], 0, "nothing to plot yet" if not scored else "no room")
        return canvas
    low, high = _range(known, scored, manner)
    log = manner.log and low > 0
    scale = Scale(low, high, height - 2, log=log)
    first, last = known[0].x, known[-1].x
    inner = width - _LABEL - 2
    span = (last - first) or 1.0

    def column(x: float) -> int:
        return _LABEL + 2 + round((x - first) / span * (inner - 1))

    _axes(canvas, scale, (first, last), unit, manner)
    beside: set[Kind] = {"tried", "failed"}
    _dots(canvas, [dot for dot in known if dot.kind in beside], scale, column, manner)
    _steps(canvas, known, scale, column, manner)  # the line over what was tried, under its steps
    _dots(canvas, [dot for dot in known if dot.kind not in beside], scale, column, manner)
    return canvas


def _range(dots: Iterable[Dot], scored: Sequence[float], manner: Manner) -> tuple[float, float]:
    """What the axis spans: the lineage itself, and a quarter more towards the worse."""
    own = [dot.y for dot in dots if dot.y is not None and dot.kind != "tried"] or list(scored)
    low, high = min(own), max(own)
    if low == high:
        pad = abs(low) * 0.05 or 1.0
        return (low / 2 if manner.log and low > 0 else low - pad), high + pad
    if manner.maximize is None:
        return low, high
    worst = min(scored) if manner.maximize else max(scored)
    more = (high - low) / 4
    if manner.maximize:
        low = max(worst, low - more) if worst < low else low
    else:
        high = min(worst, high + more) if worst > high else high
    return low, high


def _write(row: list[Pixel], at: int, text: str, role: str = "") -> None:
    for offset, char in enumerate(text):
        if 0 <= at + offset < len(row):
            row[at + offset] = Pixel(char, role)


def _axes(
    canvas: list[list[Pixel]],
    scale: Scale,
    ends: tuple[float, float],
    unit: str,
    manner: Manner,
) -> None:
    rows, width = len(canvas) - 2, len(canvas[0])
    tick, bar, corner, line = "+|+-" if manner.ascii else "┤│└─"
    every = 4 if rows >= 12 else max(rows // 3, 1)
    for row in range(rows):
        labelled = row % every == 0 or (row == rows - 1 and (rows - 1) % every > every // 2)
        if labelled:
            _write(canvas[row], 0, fitted(scale.value(row), _LABEL, 4).rjust(_LABEL))
        _write(canvas[row], _LABEL + 1, tick if labelled else bar, "dim")
    _write(canvas[rows], _LABEL + 1, corner + line * (width - _LABEL - 2), "dim")
    left, right = f"{ends[0]:,.0f}", f"{ends[1]:,.0f} {unit}".rstrip()
    _write(canvas[rows + 1], _LABEL + 1, left)
    middle = f"{(ends[0] + ends[1]) / 2:,.0f}"
    if ends[1] - ends[0] >= 4 and width > 60:
        _write(canvas[rows + 1], _LABEL + 2 + (width - _LABEL - 2) // 2 - len(middle) // 2, middle)
    _write(canvas[rows + 1], width - len(right), right)


def _steps(
    canvas: list[list[Pixel]],
    dots: Sequence[Dot],
    scale: Scale,
    column: Callable[[float], int],
    manner: Manner,
) -> None:
    """The best so far of the lineage, from the left to the right edge."""
    rows, width = len(canvas) - 2, len(canvas[0])
    best = best_by_column(dots, column, manner)
    flat = "-" if manner.ascii else "─"
    row: int | None = None
    for at in range(_LABEL + 2, width):
        value = best.get(at)
        new = row if value is None else max(0, min(scale.row(value), rows - 1))
        if new is None:
            continue
        if row is None or new == row:
            canvas[new][at] = Pixel(flat, "strong")
        else:
            _riser(canvas, at, row, new, manner)
        row = new


def best_by_column(
    dots: Iterable[Dot], column: Callable[[float], int], manner: Manner
) -> dict[int, float]:
    """Columns in which the record of the lineage (dots in order of x) fell, and to what.

    Without a direction: every step and its value.
    """
    best: float | None = None
    found: dict[int, float] = {}
    for dot in dots:
        if dot.y is None or dot.kind == "tried":
            continue
        better = (
            best is None
            or manner.maximize is None
            or (dot.y > best if manner.maximize else dot.y < best)
        )
        if better:
            best = dot.y
            found[column(dot.x)] = dot.y
    return found


def _riser(canvas: list[list[Pixel]], at: int, old: int, new: int, manner: Manner) -> None:
    rises = new < old
    start, end = ("+", "+") if manner.ascii else (("╯", "╭") if rises else ("╮", "╰"))
    canvas[old][at] = Pixel(start, "strong")
    canvas[new][at] = Pixel(end, "strong")
    for row in range(min(old, new) + 1, max(old, new)):
        canvas[row][at] = Pixel("|" if manner.ascii else "│", "strong")


def _dots(
    canvas: list[list[Pixel]],
    dots: Sequence[Dot],
    scale: Scale,
    column: Callable[[float], int],
    manner: Manner,
) -> None:
    rows = len(canvas) - 2
    taken: dict[tuple[int, int], int] = {}
    for dot in dots:
        rank = _ORDER.index(dot.kind)
        glyph, plain, role = _GLYPHS[dot.kind]
        row = rows - 1 if dot.y is None else scale.row(dot.y)
        char = plain if manner.ascii else glyph
        if not 0 <= row < rows:
            up, down = "^v" if manner.ascii else "↑↓"
            char = up if row < 0 else down
            row = max(0, min(row, rows - 1))
        place = (row, column(dot.x))
        if taken.get(place, -1) <= rank:
            taken[place] = rank
            canvas[row][place[1]] = Pixel(char, role)


def legend(*, ascii_only: bool) -> str:
    """What the signs mean, in one line."""
    said: dict[Kind, str] = {"tried": "offspring", "step": "step"}
    line = "-" if ascii_only else "─"
    signs = (f"{sign[ascii_only]} {said.get(kind, kind)}" for kind, sign in _GLYPHS.items())
    return " ".join([f"{line} best so far", *signs])
