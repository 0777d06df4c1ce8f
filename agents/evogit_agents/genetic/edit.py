"""Splice an edit into the text and prove, by parsing again, that it means what was intended."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final, cast

from evogit.text import clean_line
from evogit_agents.genetic.index import Index, Site, Statement, locate
from evogit_agents.genetic.source import Source, same

_BINARY: Final[dict[type[ast.operator], int]] = {
    ast.BitOr: 8, ast.BitXor: 9, ast.BitAnd: 10, ast.LShift: 11, ast.RShift: 11, ast.Add: 12,
    ast.Sub: 12, ast.Mult: 13, ast.Div: 13, ast.FloorDiv: 13, ast.Mod: 13, ast.MatMult: 13,
    ast.Pow: 15,
}  # fmt: skip
_CHOICE: Final = 2
_UNARY: Final = 14
_ATOM: Final = 18
_BRACKETED: Final = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Return, ast.Assign,
    ast.AugAssign, ast.AnnAssign, ast.If, ast.While,
)  # fmt: skip
"""Parents that own no brackets: a pair around a child of theirs is the child's."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A source after one edit, and what the edit was."""

    source: Source
    note: str
    where: str
    line: int


def replace(index: Index, site: Site, node: ast.expr, note: str = "") -> Edited | None:
    """The source with ``node`` at ``site``; ``None`` if that changes nothing or can not be written."""
    if same(site.node, node):
        return None
    source = index.source
    start, end = source.span(site.node)
    old, new = source.text[start:end], ast.unparse(node)
    bare = (
        _without_brackets(source.text, start, end) if isinstance(site.parent, _BRACKETED) else None
    )
    options = [(bare or (start, end), f"({new})" if _needs_brackets(site, node) else new)]
    options.append(((start, end), f"({new})"))
    for (first, last), text in options:
        after = source.with_text(source.text[:first] + text + source.text[last:])
        if after is not None and _as_intended(after, site, node):
            note = note or f"replace `{_short(old)}` with `{_short(new)}`"
            return Edited(after, note, place_name(site.statement), site.node.lineno)
    return None


def rewrite(
    index: Index, at: Statement, span: tuple[int, int], text: str, block: list[ast.stmt], note: str
) -> Edited | None:
    """The source with whole lines replaced; ``block`` is what ``at``'s siblings must become.

    ``text`` ends in a line end; at the end of a file without one it is kept that way.
    """
    source = index.source
    start, end = span
    if end == len(source.text) and not source.text.endswith(("\n", "\r")):
        text = text.rstrip("\r\n")
        if start == end and text:
            text = source.newline() + text
    after = source.with_text(source.text[:start] + text + source.text[end:])
    if after is None or (len(at.path) > 1 and len(after.tree.body) != len(source.tree.body)):
        return None
    found = locate(after.tree, at.path)
    if found is None or not same(found, block) or same(block, at.siblings):
        return None
    return Edited(after, note, place_name(at), at.node.lineno)


def line_span(source: Source, first: ast.stmt, last: ast.stmt) -> tuple[int, int] | None:
    """The whole lines of neighbouring statements, if nothing else stands on them but a comment."""
    decorators = cast("list[ast.expr]", getattr(first, "decorator_list", []))
    top = min(first.lineno, *(d.lineno for d in decorators)) if decorators else first.lineno
    bottom = last.end_lineno or last.lineno
    start = source.starts[top - 1]
    end = start if bottom < top else source.starts[bottom - 1] + len(source.line(bottom))
    head = source.text[start : source.span(first)[0]] if top == first.lineno else ""
    tail = source.text[source.span(last)[1] : end].strip()
    if head.strip() or (tail and not tail.startswith("#")):
        return None
    return start, end


def indent(source: Source, node: ast.stmt) -> str:
    """The white space before a statement that begins its line."""
    line = source.line(node.lineno)
    return line[: len(line) - len(line.lstrip())]


def place_name(at: Statement) -> str:
    """The function around a statement, or the empty text."""
    return at.function.outer[-1] if at.function is not None else ""


def _short(text: str) -> str:
    return clean_line(text, 48).replace("`", "'")


def _as_intended(after: Source, site: Site, node: ast.expr) -> bool:
    """Compare the statement found after the edit with the old one holding ``node`` in its place."""
    statement = site.statement
    block = locate(after.tree, statement.path)
    if block is None or len(block) != len(statement.siblings):
        return False
    site.put(node)
    try:
        return same(block[statement.place], statement.node)
    finally:
        site.put(site.node)


def _without_brackets(text: str, start: int, end: int) -> tuple[int, int] | None:
    first, last = start, end
    while first > 0 and text[first - 1] in " \t":
        first -= 1
    while last < len(text) and text[last] in " \t":
        last += 1
    bracketed = first > 0 and text[first - 1] == "(" and text[last : last + 1] == ")"
    return (first - 1, last + 1) if bracketed else None


def _rank(node: ast.AST) -> int:
    match node:
        case ast.NamedExpr() | ast.Yield() | ast.YieldFrom():
            return 0
        case ast.Lambda():
            return 1
        case ast.IfExp():
            return _CHOICE
        case ast.BoolOp(op=ast.Or()):
            return 4
        case ast.BoolOp():
            return 5
        case ast.UnaryOp(op=ast.Not()):
            return 6
        case ast.Compare():
            return 7
        case ast.BinOp(op=op):
            return _BINARY[type(op)]
        case ast.UnaryOp():
            return _UNARY
        case _:
            return _ATOM


def _needs_brackets(site: Site, node: ast.expr) -> bool:
    parent, mine = site.parent, _rank(node)
    match parent:
        case ast.BinOp(op=ast.Pow()):
            return mine < _UNARY if site.field == "right" else mine <= _BINARY[ast.Pow]
        case ast.BinOp():
            return mine <= _rank(parent) if site.field == "right" else mine < _rank(parent)
        case ast.UnaryOp():
            return mine < _rank(parent)
        case ast.Compare() | ast.BoolOp():
            return mine <= _rank(parent)
        case ast.IfExp() | ast.comprehension():
            return mine <= _CHOICE
        case ast.Attribute() | ast.Subscript(value=site.node) | ast.Starred() | ast.Await():
            return mine < _ATOM
        case _:
            return False
