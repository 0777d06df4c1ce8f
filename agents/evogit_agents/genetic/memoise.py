"""Let a function remember its results: the one large gain in speed that needs no insight.

Whether a function is pure enough for that, its tests have to say; what can be seen from the text
alone (generators, methods, functions without arguments or with other decorators) is left alone.
"""

from __future__ import annotations

import ast
from typing import Final

from evogit.syntax import parse
from evogit_agents.genetic.edit import Edited, line_span, rewrite
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.source import nodes

_WRAPPER: Final = "functools.lru_cache(maxsize=1024)"
"""Bounded, so that memory is."""
_STATEFUL: Final = (
    ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, ast.FunctionDef, ast.AsyncFunctionDef,
)  # fmt: skip


def memoise(ground: Ground) -> Edited | None:
    """Put ``functools.lru_cache`` on a function of the module; import ``functools`` if needed."""
    index, source = ground.index, ground.index.source
    found = [s for s in index.statements if s.editable and len(s.path) == 1 and _fits(s.node)]
    at = ground.random.choice(found) if found else None
    span = line_span(source, at.node, at.node) if at is not None else None
    if at is None or span is None or not isinstance(at.node, ast.FunctionDef):
        return None
    block = [*at.siblings[: at.place], _remembering(at.node), *at.siblings[at.place + 1 :]]
    start, text = span[0], f"@{_WRAPPER}{source.newline()}"
    if not _imports(at.siblings):
        place = _after_imports(at.siblings[: at.place])
        head = at.siblings[place]
        first = line_span(source, head, head)
        if (
            first is None
            or "functools" in index.globals
            or not index.allows(head.lineno, at.node.lineno)
        ):
            return None
        text = f"import functools{source.newline()}{source.text[first[0] : start]}{text}"
        start = first[0]
        block.insert(place, ast.Import([ast.alias("functools")]))
    note = f"remember results of `{at.node.name}`"
    return rewrite(index, at, (start, span[0]), text, block, note)


def _remembering(node: ast.FunctionDef) -> ast.FunctionDef:
    decorator = parse(_WRAPPER, "eval").body
    return ast.FunctionDef(
        node.name, node.args, node.body, [decorator], node.returns, node.type_comment
    )


def _fits(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    arguments = node.args.args or node.args.posonlyargs or node.args.kwonlyargs
    inside = nodes(node)[1:]
    values = any(isinstance(n, ast.Return) and n.value is not None for n in inside)
    return bool(arguments) and values and not any(isinstance(n, _STATEFUL) for n in inside)


def _imports(body: list[ast.stmt]) -> bool:
    """Whether the module says ``import functools`` at its top level."""
    names = (n for s in body if isinstance(s, ast.Import) for n in s.names)
    return any(n.name == "functools" and n.asname is None for n in names)


def _after_imports(before: list[ast.stmt]) -> int:
    """Index of the statement before which the import goes: the first plain one, else the function.

    A docstring and ``from __future__`` imports must stay in front.
    """
    for place, statement in enumerate(before):
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not (future or (text and place == 0)):
            return place
    return len(before)
