"""Dotted names in Python code as the interpreter would see them: imports and aliases resolved."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

Nodes = tuple[ast.AST, ...]


def aliases(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """What names that were imported, or set to an imported one, stand for."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for item in node.names:
                top = item.name.partition(".")[0]
                found[item.asname or top] = item.name if item.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for item in node.names:
                found[item.asname or item.name] = f"{node.module}.{item.name}"
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            said = dotted(node.value, found)
            for target in node.targets if said else ():
                if isinstance(target, ast.Name) and target.id not in found:
                    found[target.id] = said
    return found


def dotted(node: ast.AST, known: Mapping[str, str]) -> str:
    """``module.attribute`` of something imported; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return ""
    return ".".join([known[node.id], *reversed(parts)])


def starts(name: str, prefixes: Iterable[str]) -> str:
    """The first of ``prefixes`` that is ``name`` or one of its parents; else empty."""
    return next((p for p in prefixes if name == p or name.startswith(p + ".")), "")


def constant(node: ast.AST) -> bool:
    """Whether it is a literal: a constant, one with a sign, or a tuple of such."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, ast.UnaryOp):
            stack.append(item.operand)
        elif isinstance(item, ast.Tuple):
            stack.extend(item.elts)
        elif not isinstance(item, ast.Constant):
            return False
    return True
