"""Compute before a loop what seems to be the same in each of its rounds."""

from __future__ import annotations

import ast
import re
from typing import Final

from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.scope import portable
from evogit_agents.genetic.source import nodes, same, size
from evogit_agents.genetic.speed.splicing import before, fresh, loops, readable, spliced, stored

_COSTLY: Final = (ast.Attribute, ast.Call, ast.Subscript, ast.BinOp, ast.Compare, ast.BoolOp)
_MOST: Final = 30


def hoist_invariant(ground: Ground) -> Edited | None:
    """Give an expression of a loop a name before the loop, and use the name in its place.

    Attributes and methods count as well, and the items of a sequence. Names it reads are not bound in
    the loop; that nothing else changes its value (a call, an alias) the tests have to say.
    """
    at = ground.random.choice(found) if (found := loops(ground)) else None
    if at is None:
        return None
    bound = stored(at.node)
    inside = [n for n in readable(at.node) if not _outside(at.node, n)]
    fitting = [n for n in inside if _hoistable(n, bound)]
    node = ground.random.choice(fitting) if fitting else None
    name = fresh(ground.index, _wish(node)) if node is not None else ""
    text = ast.unparse(node) if node is not None else ""
    line = before(ground.index, at, f"{name} = {text}")
    if node is None or line is None:
        return None
    twins = [n for n in fitting if same(n, node)]
    splices = [line, *((*ground.index.source.span(n), name) for n in twins)]
    return spliced(ground.index, at, splices, f"compute `{text[:48]}` before the loop")


def _outside(loop: ast.AST, node: ast.expr) -> bool:
    """Whether the expression runs once only: what a ``for`` goes through."""
    return isinstance(loop, ast.For) and (
        node is loop.iter or any(n is node for n in nodes(loop.iter))
    )


def _hoistable(node: ast.expr, bound: frozenset[str]) -> bool:
    if not isinstance(node, _COSTLY) or not isinstance(getattr(node, "ctx", _LOAD), ast.Load):
        return False
    names = [n.id for n in nodes(node) if isinstance(n, ast.Name)]
    return bool(names) and not bound.intersection(names) and portable(node) and size(node) <= _MOST


_LOAD: Final = ast.Load()


def _wish(node: ast.expr) -> str:
    """A name that tells what it holds: ``table_append`` for ``table.append``."""
    words = re.findall(r"[A-Za-z_]\w*|\d+", ast.unparse(node))[:3]
    name = "_".join(word.strip("_") for word in words).lower()
    return name if name.isidentifier() and name.isascii() else "once"
