"""Several replacements in one file at once, for edits that keep to names and whole lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from evogit_agents.genetic.edit import Edited, indent, line_span, place_name
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import BUILTINS, Index, Statement
from evogit_agents.genetic.source import nodes

Splice = tuple[int, int, str]
"""From, to, and what stands there instead."""


def spliced(index: Index, at: Statement, splices: Sequence[Splice], note: str) -> Edited | None:
    """The file after the replacements, which must not overlap; ``None`` if it no longer parses."""
    text = index.source.text
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new + text[end:]
    after = index.source.with_text(text)
    return Edited(after, note, place_name(at), at.node.lineno) if after is not None else None


def before(index: Index, at: Statement, line: str) -> Splice | None:
    """A line of its own in front of a statement; ``None`` if that shares its line."""
    span = line_span(index.source, at.node, at.node)
    if span is None:
        return None
    return span[0], span[0], indent(index.source, at.node) + line + index.source.newline()


def loops(ground: Ground) -> list[Statement]:
    """The loops of functions that may change."""
    found = ground.index.statements
    kinds = (ast.For, ast.While)
    return [s for s in found if s.editable and s.function is not None and isinstance(s.node, kinds)]


def stored(node: ast.AST) -> frozenset[str]:
    """All names that ``node`` may bind, those of its comprehensions and lambdas included."""
    names: set[str] = set()
    for child in nodes(node):
        match child:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case _:
                pass
    return frozenset(names)


def readable(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions within ``node``; not those of f-strings, whose positions are wrong before 3.12."""
    left: list[ast.AST] = [node]
    while left:
        here = left.pop()
        if isinstance(here, ast.JoinedStr):
            continue
        if isinstance(here, ast.expr):
            yield here
        left.extend(ast.iter_child_nodes(here))


def fresh(index: Index, wish: str) -> str:
    """A name like ``wish`` that the file does not know."""
    taken = {n.id for n in nodes(index.source.tree) if isinstance(n, ast.Name)}
    taken |= {n.arg for n in nodes(index.source.tree) if isinstance(n, ast.arg)}
    taken |= set(index.globals) | BUILTINS
    number, name = 1, wish
    while name in taken:
        number += 1
        name = f"{wish}{number}"
    return name
