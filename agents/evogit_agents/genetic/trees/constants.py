"""Which numbers of a file are parameters: those worth tuning together."""

from __future__ import annotations

from typing import Final

from evogit_agents.genetic.numerals import read
from evogit_agents.genetic.trees.grammar import NUMBERS, TABLES
from evogit_agents.genetic.trees.source import Node, Source
from evogit_agents.genetic.tuning.constants import MOST, Place, Tunable, marked, reachable

_STRUCTURAL: Final = frozenset({0, 1, 2})
_INDICES: Final = frozenset(
    {"subscript_expression", "index_expression", "array_access", "subscript_argument_list",
     "array_declarator", "array_type", "dimensions_expr", "bitfield_clause", "case_statement",
     "switch_case", "preproc_if", "enumerator"}
)  # fmt: skip


def tunable(source: Source) -> Tunable | None:
    """The constants of a file that may be edited; ``None`` if there are none or far too many.

    Without marks left out are 0, 1, 2, indices and sizes; always, what is too large or too small to
    be searched. Numbers in one list are a table.
    """
    offset = len(source.bom)
    spans = marked(source.data)
    found = [
        place
        for node in source.editable
        if node.kind in NUMBERS and (place := _place(source, node, marked=spans is not None))
    ]
    if spans is not None:
        found = [p for p in found if any(a <= p.start and p.end <= b for a, b in spans)]
    places = tuple(Place(p.start + offset, p.end + offset, p.table) for p in found)
    return Tunable(source.encoded(), places) if 0 < len(places) <= MOST else None


def _place(source: Source, node: Node, *, marked: bool) -> Place | None:
    table = _table(node)
    start, text = node.start, source.text(node)
    if text[:1] in b"+-":  # the grammar of C counts a sign among the number
        start, text = start + 1, text[1:]
    form = read(text.decode("ascii", "replace"))
    if form is None or not reachable(form, table):
        return None
    structural = form.whole and (form.value in _STRUCTURAL or _counts(node))
    if table is None and structural and not marked:
        return None
    if table is not None and source.data[start - 1 : start] == b"-":
        start -= 1
    return Place(start, node.end, table)


def _counts(node: Node) -> bool:
    return node.parent is not None and node.parent.kind in _INDICES


def _table(node: Node) -> int | None:
    """Where the outermost list around a number begins, if it stands in lists only."""
    found: int | None = None
    for around in node.up():
        if around.kind in TABLES:
            found = around.start
        elif around.kind not in ("unary_expression", "literal_element"):
            break
    return found
