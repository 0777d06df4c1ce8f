"""Best-so-far curves as a standalone SVG: the median of each arm and the band of its middle half.

It needs no library, and is readable on light and dark ground. Colours are those of Okabe and Ito,
which colour-blind people can tell apart; arms also differ in their dashes and carry their names.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from statistics import quantiles
from typing import Final

from evogit.compare.result import Result
from evogit.text import clean_line

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#888888")
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3")
_WIDTH, _HEIGHT = 860, 420
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 40, 230, 50
_LABEL: Final = 15
_POINTS: Final = 200
_STYLE: Final = """
svg { color: #222; font: 13px system-ui, sans-serif; }
text { fill: currentColor; } .grid { stroke: currentColor; stroke-opacity: 0.15; }
.line { fill: none; stroke-width: 2; } .band { fill-opacity: 0.12; stroke: none; }
.ground { fill: #fff; }
@media (prefers-color-scheme: dark) { svg { color: #ddd; } .ground { fill: #16181c; } }
"""


@dataclass(frozen=True, slots=True)
class _Band:
    """One arm: (evaluations, lower quartile, median, upper quartile) along the budget."""

    name: str
    points: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where numbers lie on the picture."""

    most: float
    low: float
    high: float

    def x(self, evaluations: float) -> float:
        return _LEFT + evaluations / self.most * (_WIDTH - _LEFT - _RIGHT)

    def y(self, score: float) -> float:
        share = (score - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def curves(results: Sequence[Result]) -> str:
    """The picture of all runs of one problem; training scores over evaluations.

    Raises:
        ValueError: there are no results.
    """
    arms: dict[str, list[Result]] = {}
    for one in results:
        arms.setdefault(one.cell.arm.name, []).append(one)
    most = max(one.evaluations for one in results) or 1
    bands = [_band(name, runs, most) for name, runs in arms.items()]
    frame = _frame(bands, most)
    first = results[0]
    better = "higher" if first.maximize else "lower"
    title = f"{clean_line(first.cell.problem)}: best training score so far ({better} is better)"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        _text(_LEFT, 22, title),
        *_axes(frame),
        *(part for place, band in enumerate(bands) for part in _drawn(frame, place, band)),
        *_names(frame, bands),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _band(name: str, runs: Sequence[Result], most: int) -> _Band:
    columns = sorted({round(most * i / _POINTS) for i in range(_POINTS + 1)})
    points: list[tuple[float, float, float, float]] = []
    for column in columns:
        values = [value for one in runs if (value := _best_at(one, column)) is not None]
        if len(values) == len(runs):
            points.append((column, *_quartiles(values)))
    return _Band(clean_line(name), tuple(points))


def _best_at(one: Result, evaluations: int) -> float | None:
    place = bisect.bisect_right([count for count, _ in one.curve], evaluations)
    return one.curve[place - 1][1] if place else None


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _frame(bands: Sequence[_Band], most: int) -> _Frame:
    values = [value for band in bands for point in band.points for value in point[1:]] or [0.0]
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return _Frame(most, low - room, high + room)


def _axes(frame: _Frame) -> Iterator[str]:
    for value in _ticks(frame.low, frame.high):
        y = frame.y(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield _text(_LEFT - 8, y + 4, f"{value:.6g}", "end")
    for value in _ticks(0, frame.most):
        x = frame.x(value)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        yield _text(x, _HEIGHT - _BOTTOM + 18, f"{value:.6g}", "middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield _text(middle, _HEIGHT - 12, "evaluations (line: median, band: middle half)", "middle")


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers within the bounds."""
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw)
    first = math.ceil(low / step)
    return [place * step for place in range(first, math.floor(high / step) + 1)]


def _drawn(frame: _Frame, place: int, band: _Band) -> Iterator[str]:
    if not band.points:
        return
    colour = _COLOURS[place % len(_COLOURS)]
    upper = _path(frame, [(x, high) for x, _, _, high in band.points])
    lower = _path(frame, [(x, low) for x, low, _, _ in reversed(band.points)])
    line = _path(frame, [(x, middle) for x, _, middle, _ in band.points])
    yield f'<path class="band" fill="{colour}" d="M{upper}L{lower}Z"/>'
    yield f'<path class="line" stroke="{colour}"{_dash(place)} d="M{line}"/>'


def _dash(place: int) -> str:
    again = place // len(_COLOURS)  # the second of a colour must not have the dash of the first
    dash = _DASHES[(place + 2 * again) % len(_DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _path(frame: _Frame, points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in points)


def _names(frame: _Frame, bands: Sequence[_Band]) -> Iterator[str]:
    """Each name at the end of its line, moved down where there is no room."""
    ends = [(frame.y(band.points[-1][2]), i) for i, band in enumerate(bands) if band.points]
    lowest = _HEIGHT - _BOTTOM
    free = _TOP + 4.0
    for place, (end, i) in enumerate(sorted(ends)):
        below = len(ends) - place - 1
        y = min(max(end, free), max(free, lowest - below * _LABEL))
        free = y + _LABEL
        colour, x = _COLOURS[i % len(_COLOURS)], _WIDTH - _RIGHT + 6
        yield f'<path class="line" stroke="{colour}"{_dash(i)} d="M{x} {y:.1f}h24"/>'
        yield _text(x + 30, y + 4, bands[i].name)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
