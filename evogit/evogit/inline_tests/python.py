"""Docstrings with examples in a Python file: what ``doctest`` runs."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Final

from evogit.inline_tests.found import MAX_LENGTH, Found
from evogit.syntax import NO_PYTHON, parse

_PROMPT: Final = ">>>"
_Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read(text: str) -> Found | None:
    """The docstrings that hold an example, by the name of what they describe; ``None``: no Python.

    All definitions of one name count together: a second one hides the first.
    """
    if _PROMPT not in text:
        return Found()
    if len(text) > MAX_LENGTH:
        return None
    try:
        documented: dict[str, list[str]] = {}
        for name, docstring in _docstrings(parse(text.removeprefix("\ufeff"))):
            documented.setdefault(name, []).append(docstring)
    except NO_PYTHON:
        return None
    joined = ((name, "\n".join(found)) for name, found in documented.items())
    return Found(kept=Counter((name, said) for name, said in joined if _PROMPT in said))


def _docstrings(module: ast.Module) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, ast.AST]] = [("", module)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, ast.Module | _Named):
            yield name, ast.get_docstring(node, clean=False) or ""
        for child in reversed(list(ast.iter_child_nodes(node))):
            below = f"{name}.{child.name}" if isinstance(child, _Named) else name
            if not isinstance(child, ast.expr):  # no definition stands in one
                waiting.append((below, child))
