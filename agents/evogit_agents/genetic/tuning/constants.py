"""The constants of a file as a vector: where they stand, and the same file with others.

Which constants: those that a comment ``evogit: tune`` marks, else those that the language's reader
takes for parameters. A mark at the end of a line covers that line; on a line of its own it covers the
lines below it up to the next blank one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from evogit_agents.genetic.numerals import Numeral, read, write

MOST: Final = 256
"""A file with more constants holds data; a search over so many would not end."""

LOG_STEP: Final = 0.25
"""One unit of a magnitude's coordinate: a factor of about 1.28."""

TABLE_STEP: Final = 0.1
"""One unit of a table entry's coordinate, in terms of the table's root mean square."""

CURVE_STEP: Final = 1.0
"""The same for a height of a curve: these are noise when a curve is drawn, and not yet a guess."""

_TABLE_LIMIT: Final = 10**12
_WHOLE_LIMIT: Final = 10**9
_LOG_LIMIT: Final = 27.0
"""No search goes further: a magnitude that is a fraction lies between exp(-27) and exp(27)."""
_LOG_ROUNDING: Final = 0.01
"""So much the digits left out may change a logarithm: what is written stays within the limit."""

_MARK: Final = re.compile(rb"(?:#|//|/\*|--)[ \t]*evogit:[ \t]*tune\b")
_NUMBER: Final = re.compile(rb"-?[0-9.](?:[eE][+-]|[\w.'])*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a constant stands in a file, as offsets of bytes.

    ``table`` numbers the list of constants that it belongs to, ``None`` if it stands alone. The
    sign is part of a table's entry, but not of a constant that stands alone: that keeps its sign.
    ``step`` is one unit of a table entry's coordinate, in terms of the table's root mean square.
    """

    start: int
    end: int
    table: int | None = None
    step: float = TABLE_STEP


@dataclass(frozen=True)
class Tunable:
    """A file and the places of its constants, in order. Files that differ in these only are akin."""

    data: bytes
    places: tuple[Place, ...]

    @property
    def curved(self) -> bool:
        """Whether some of them are heights of a curve."""
        return any(place.step == CURVE_STEP for place in self.places)

    @cached_property
    def between(self) -> tuple[bytes, ...]:
        """What stands before, between and after the constants."""
        starts = [p.start for p in self.places]
        ends = [p.end for p in self.places]
        spans = zip([0, *ends], [*starts, len(self.data)], strict=True)
        return tuple(self.data[a:b] for a, b in spans)

    def texts(self, data: bytes) -> tuple[str, ...] | None:
        """The constants of a file that is akin, ``None`` of any other."""
        return _texts(self.between, data)

    def with_texts(self, texts: Sequence[str]) -> bytes:
        """The file with other constants."""
        head, *rest = self.between
        return head + b"".join(t.encode() + gap for t, gap in zip(texts, rest, strict=True))


@lru_cache(maxsize=4096)  # all trials of a lineage are read for every proposal
def _texts(between: tuple[bytes, ...], data: bytes) -> tuple[str, ...] | None:
    head, *rest = between
    if not data.startswith(head):
        return None
    found: list[str] = []
    at = len(head)
    for gap in rest:
        number = _NUMBER.match(data, at)
        if number is None or not data.startswith(gap, number.end()):
            return None
        found.append(number[0].decode("ascii", "replace"))
        at = number.end() + len(gap)
    return tuple(found) if at == len(data) else None


@dataclass(frozen=True, slots=True)
class Scale:
    """How constants become coordinates of about the same size, and back.

    A constant that stands alone is a magnitude on a logarithmic scale; a table's entry is taken
    relative to the table's root mean square. Values are those of ``texts`` when the scale was made.
    """

    forms: tuple[Numeral, ...]
    units: tuple[float, ...]
    """For a table's entry the value of one unit, 0 for a magnitude."""

    def coordinates(self, texts: Sequence[str]) -> tuple[float, ...] | None:
        """The coordinates of constants; ``None`` if one has none (0 has no logarithm)."""
        values = [_signed(text) for text in texts]
        found = [_coordinate(v, unit) for v, unit in zip(values, self.units, strict=True)]
        known = [x for x in found if x is not None]
        return tuple(known) if len(known) == len(found) else None

    def texts(self, coordinates: Sequence[float], deviations: Sequence[float]) -> tuple[str, ...]:
        """Constants for coordinates, in the form of the original ones."""
        return tuple(
            _text(form, unit, x, abs(deviation))
            for form, unit, x, deviation in zip(
                self.forms, self.units, coordinates, deviations, strict=True
            )
        )

    def stepped(self, place: int, text: str, step: int) -> str:
        """A whole constant and ``step`` more; one that stands alone stays at least 1."""
        value = round(_signed(text)) + step
        if not self.units[place]:
            return write(self.forms[place], max(1, min(_WHOLE_LIMIT, value)))
        value = max(-_TABLE_LIMIT, min(_TABLE_LIMIT, value))
        return ("-" if value < 0 else "") + write(self.forms[place], abs(value))


def reachable(form: Numeral, table: int | None) -> bool:
    """Whether a search may have a constant here: one beyond its limits would never be met again.

    Args:
        form: the constant.
        table: of its place.
    """
    if table is not None:
        return form.value <= _TABLE_LIMIT
    if form.whole:
        return 1 <= form.value <= _WHOLE_LIMIT
    return form.value > 0 and abs(math.log(form.value)) <= _LOG_LIMIT


def scale(places: Sequence[Place], texts: Sequence[str]) -> Scale | None:
    """The scale for these constants; ``None`` if one of them can not be tuned."""
    forms = [read(text.removeprefix("-")) for text in texts]
    known = tuple(form for form in forms if form is not None)
    if len(known) != len(places):
        return None
    squares: dict[int | None, list[float]] = {}
    for place, form in zip(places, known, strict=True):
        squares.setdefault(place.table, []).append(form.value * form.value)
    units: list[float] = []
    for place, form in zip(places, known, strict=True):
        mean = math.sqrt(math.fsum(squares[place.table]) / len(squares[place.table])) or 1.0
        least = 1.0 if form.whole else 0.0
        units.append(0.0 if place.table is None else max(least, place.step * mean))
    return Scale(known, tuple(units))


def marked(data: bytes) -> list[tuple[int, int]] | None:
    """The spans that marks cover, ``None`` if there is no mark."""
    if b"evogit:" not in data:
        return None
    spans: list[tuple[int, int]] = []
    lines = data.splitlines(keepends=True)
    at, alone, found = 0, False, False
    for line in lines:
        mark = _MARK.search(line)
        alone = (alone and bool(line.strip())) or (
            mark is not None and not line[: mark.start()].strip()
        )
        found = found or mark is not None
        if alone or mark is not None:
            spans.append((at, at + len(line)))
        at += len(line)
    return spans if found else None


def _signed(text: str) -> float:
    form = read(text.removeprefix("-"))
    if form is None:
        return math.nan
    return -form.value if text.startswith("-") else form.value


def _coordinate(value: float, unit: float) -> float | None:
    if math.isnan(value) or (not unit and value <= 0):
        return None
    return value / unit if unit else math.log(value) / LOG_STEP


def _text(form: Numeral, unit: float, x: float, deviation: float) -> str:
    if unit:
        value = max(-_TABLE_LIMIT, min(_TABLE_LIMIT, x * unit))
        text = write(form, abs(value), deviation * unit)
        return f"-{text}" if value < 0 and float(_signed(text)) else text
    most = _LOG_LIMIT - _LOG_ROUNDING
    value = math.exp(max(-most, min(most, x * LOG_STEP)))
    if form.whole:
        value = max(1.0, min(_WHOLE_LIMIT, value))
    return write(form, value, value * min(1.0, deviation * LOG_STEP))
