"""Comparisons instead of calls of ``min`` and ``max``, which cost several times as much."""

from __future__ import annotations

import ast
from typing import Final

from evogit_agents.genetic.edit import Edited, indent, line_span
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import Statement
from evogit_agents.genetic.scope import portable
from evogit_agents.genetic.speed.splicing import fresh, spliced

_SIGNS: Final = {"min": "<", "max": ">"}
_MOST: Final = 5


def compare_directly(ground: Ground) -> Edited | None:
    """``x = min(a, b)`` becomes ``x = a``, and ``x = b`` if that is less; for ``max`` likewise."""
    found = [s for s in ground.index.statements if s.editable and _call(s) is not None]
    at = ground.random.choice(found) if found else None
    call = _call(at) if at is not None else None
    source = ground.index.source
    span = line_span(source, at.node, at.node) if at is not None else None
    if at is None or call is None or span is None or not isinstance(at.node, ast.Assign):
        return None
    target = at.node.targets[0]
    plain = isinstance(target, ast.Name) and not any(
        isinstance(n, ast.Name) and n.id == target.id for a in call.args for n in ast.walk(a)
    )
    best = ast.unparse(target) if plain else fresh(ground.index, "best")
    other, sign = fresh(ground.index, "other"), _SIGNS[ast.unparse(call.func)]
    lines = [f"{best} = {ast.unparse(call.args[0])}"]
    for argument in call.args[1:]:
        lines += [
            f"{other} = {ast.unparse(argument)}",
            f"if {other} {sign} {best}:",
            f"    {best} = {other}",
        ]
    if not plain:
        lines.append(f"{ast.unparse(target)} = {best}")
    newline = source.newline()
    text = "".join(indent(source, at.node) + line + newline for line in lines)
    note = f"compare directly for `{ast.unparse(at.node)[:48]}`"
    return spliced(ground.index, at, [(*span, text)], note)


def _call(at: Statement) -> ast.Call | None:
    """The call if the statement assigns a plain ``min`` or ``max`` of a few values."""
    match at.node:
        case ast.Assign(
            targets=[_],
            value=ast.Call(func=ast.Name(id="min" | "max"), args=args, keywords=[]) as call,
        ) if 1 < len(args) <= _MOST and all(map(portable, args)):
            return call
        case _:
            return None
