"""Which numbers of a Python file are parameters: those worth tuning together."""

from __future__ import annotations

import ast
from bisect import bisect_right
from operator import itemgetter
from typing import Final

from evogit_agents.genetic.index import EXPONENT, HEIGHT, Index, Site
from evogit_agents.genetic.numerals import read
from evogit_agents.genetic.source import nodes
from evogit_agents.genetic.tuning.constants import (
    CURVE_STEP,
    MOST,
    TABLE_STEP,
    Place,
    Tunable,
    marked,
    reachable,
)

_STRUCTURAL: Final = frozenset({0, 1, 2})
"""Whole numbers that mostly say how a program is built, not how much of something it wants."""


def tunable(data: bytes, index: Index) -> Tunable | None:
    """The constants of a file that may be edited; ``None`` if there are none or far too many.

    Without marks left out are 0, 1, 2, indices, bounds of ``range`` and whole exponents; always,
    what is too large or too small to be searched. Numbers in one list or tuple are a table.
    """
    spans = marked(data)
    found: dict[int, Place] = {}
    tables = _tables(index)
    for site in index.sites:
        place = _place(index, site, tables, only_plain=spans is None)
        if place is not None and (spans is None or _inside(place, spans)):
            found.setdefault(place.start, place)
    places = tuple(found[start] for start in sorted(found))
    return Tunable(data, places) if 0 < len(places) <= MOST else None


def _inside(place: Place, spans: list[tuple[int, int]]) -> bool:
    return any(a <= place.start and place.end <= b for a, b in spans)


def _place(
    index: Index, site: Site, tables: list[tuple[int, int]], *, only_plain: bool
) -> Place | None:
    node = site.node
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return None
    start, end = index.source.span(node)
    table = _table(tables, start)
    if only_plain and table is None and _is_structural(site, node.value):
        return None
    text = index.source.text
    form = read(text[start:end])
    if form is None or not reachable(form, table):
        return None
    negative = isinstance(site.parent, ast.UnaryOp) and isinstance(site.parent.op, ast.USub)
    if table is not None and negative:
        if text[start - 1 : start] != "-":
            return None
        start -= 1
    step = CURVE_STEP if site.power == HEIGHT and table is not None else TABLE_STEP
    return Place(_bytes(index, start), _bytes(index, end), table, step)


def _bytes(index: Index, offset: int) -> int:
    source = index.source
    return len(source.bom) + len(source.text[:offset].encode(source.encoding))


def _tables(index: Index) -> list[tuple[int, int]]:
    """Where lists and tuples of nothing but numbers stand, the outermost ones, in order."""
    spans = sorted(
        index.source.span(node)
        for node in nodes(index.source.tree)
        if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) > 1 and _is_table(node)
    )
    outer: list[tuple[int, int]] = []
    for start, end in spans:
        if not outer or start >= outer[-1][1]:
            outer.append((start, end))
    return outer


def _is_table(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return all(map(_is_table, elts))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return type(value) in (int, float)
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case _:
            return False


def _table(tables: list[tuple[int, int]], start: int) -> int | None:
    """The number of the table around an offset."""
    at = bisect_right(tables, start, key=itemgetter(0)) - 1
    return at if at >= 0 and start < tables[at][1] else None


def _is_structural(site: Site, value: object) -> bool:
    if not isinstance(value, int):
        return False
    match site.parent:
        case ast.Slice():
            return True
        case ast.Subscript():
            return site.field == "slice"
        case ast.Call(func=ast.Name(id="range")):
            return True
        case _:
            return value in _STRUCTURAL or site.power == EXPONENT
