"""Calls a file may make: the problem's primitives and the calls already in it, with holes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from evogit.syntax import dotted, parse
from evogit_agents.genetic.index import BUILTINS, Index, Site
from evogit_agents.genetic.kinds import NUMERIC_CALLS, Kind, kind_of
from evogit_agents.genetic.scope import loads
from evogit_agents.genetic.source import nodes

T = TypeVar("T", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Template:
    """An expression with holes: the names in ``holes``, each to be filled by its kind."""

    node: ast.expr
    kind: Kind
    holes: Mapping[str, Kind]
    needs: tuple[str, ...]
    """Names that must be in scope: what is called or whose attributes are read."""


def clone(node: T, holes: Mapping[str, ast.expr]) -> T:
    """A copy of a syntax tree in which names found in ``holes`` are replaced."""
    return cast("T", _clone(node, holes))


def _clone(node: object, holes: Mapping[str, ast.expr]) -> object:
    if isinstance(node, ast.Name) and node.id in holes:
        return holes[node.id]
    if isinstance(node, ast.AST):
        make = cast("Callable[..., ast.AST]", node.__class__)
        return make(**{name: _clone(getattr(node, name, None), holes) for name in node._fields})
    if isinstance(node, list):
        return [_clone(item, holes) for item in cast("list[object]", node)]
    return node


def primitives(snippets: Sequence[str]) -> list[ast.expr]:
    """The snippets that parse as one expression of modest size; others are left out."""
    parsed: list[ast.expr] = []
    for snippet in snippets:
        try:
            node = parse(snippet.strip(), "eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        if sum(1 for _ in nodes(node)) <= 60:
            parsed.append(node)
    return parsed


def templates(index: Index, extra: Sequence[ast.expr]) -> list[Template]:
    """What may be called in this file: the primitives, then the calls it already makes."""
    made = [_primitive(node, index) for node in extra]
    seen: set[str] = set()
    for site in index.sites:
        if isinstance(site.node, ast.Call) and site.kind in (Kind.NUMBER, Kind.TRUTH):
            template = _from_call(site.node, site, index)
            text = ast.unparse(template.node) if template is not None else ""
            if template is not None and text not in seen:
                seen.add(text)
                made.append(template)
    return made


def _primitive(node: ast.expr, index: Index) -> Template:
    bases = {
        n.func.id for n in nodes(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    bases |= {
        n.value.id
        for n in nodes(node)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
    }
    holes: dict[str, Kind] = {}
    needs: list[str] = []
    for name in dict.fromkeys(loads(node)):
        free = name not in index.globals and name not in BUILTINS
        if name not in bases and name.islower() and (len(name) == 1 or free):
            holes[name] = Kind.NUMBER
        else:
            needs.append(name)
    _hole_kinds(node, holes)
    kinds = {**index.globals, **holes}
    return Template(node, kind_of(node, kinds), holes, tuple(needs))


def _hole_kinds(node: ast.expr, holes: dict[str, Kind]) -> None:
    """Holes are numbers unless they stand where a condition or a sequence belongs."""
    for child in nodes(node):
        match child:
            case ast.IfExp(test=ast.Name(id=name)) | ast.UnaryOp(ast.Not(), ast.Name(id=name)):
                _set(holes, name, Kind.TRUTH)
            case ast.Call(func=ast.Name(id="len" | "sum" | "sorted"), args=[ast.Name(id=name)]):
                _set(holes, name, Kind.SEQUENCE)
            case ast.BoolOp(values=values):
                for value in values:
                    if isinstance(value, ast.Name):
                        _set(holes, value.id, Kind.TRUTH)
            case _:
                pass


def _set(holes: dict[str, Kind], name: str, kind: Kind) -> None:
    if name in holes:
        holes[name] = kind


def _from_call(node: ast.Call, site: Site, index: Index) -> Template | None:
    """``f(a + 1, b)`` as ``f(_0, _1)``, if the kinds of all its arguments are known."""
    name = dotted(node.func)
    if name is None or not node.args or node.keywords:
        return None
    function = site.statement.function
    kinds = function.kinds if function is not None else index.globals
    found = [kind_of(argument, kinds) for argument in node.args]
    if name in NUMERIC_CALLS - {"len", "sum", "hash", "id", "ord"}:
        found = [Kind.NUMBER if k is Kind.UNKNOWN else k for k in found]
    if Kind.UNKNOWN in found:
        return None
    holes = {f"_{i}": kind for i, kind in enumerate(found)}
    arguments: list[ast.expr] = [ast.Name(hole, ast.Load()) for hole in holes]
    return Template(ast.Call(node.func, arguments, []), site.kind, holes, (name.partition(".")[0],))
