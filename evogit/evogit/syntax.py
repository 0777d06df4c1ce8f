"""Parsing Python from several threads at once, which CPython can not do by itself.

Up to 3.12 the depth of the tree under construction is counted per interpreter instead of per thread:
if the garbage collector lets another thread parse in between, ``compile`` raises ``SystemError: AST
constructor recursion depth mismatch`` for good code (python/cpython issues 106905 and 95185).
"""

from __future__ import annotations

import ast
import threading
from typing import Final, Literal, overload

_PARSING: Final = threading.Lock()

NO_PYTHON: Final = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
"""What ``parse`` raises for text that it can not read."""


@overload
def parse(
    source: str | bytes, mode: Literal["exec"] = "exec", *, filename: str = ...
) -> ast.Module: ...
@overload
def parse(source: str | bytes, mode: Literal["eval"], *, filename: str = ...) -> ast.Expression: ...
def parse(
    source: str | bytes, mode: Literal["exec", "eval"] = "exec", *, filename: str = "<source>"
) -> ast.AST:
    """The syntax tree of ``source``, or of one expression with mode ``eval``; runs nothing.

    Args:
        source: a module, or an expression.
        mode: which of them.
        filename: what warnings about the code name.

    Raises:
        SyntaxError, ValueError, OverflowError: it is no Python.
        RecursionError, MemoryError: it is nested too deeply.
    """
    with _PARSING:
        return compile(source, filename, mode, ast.PyCF_ONLY_AST, dont_inherit=True)


def dotted(node: ast.AST) -> str | None:
    """``a.b.c`` for a plain name or a chain of attributes on one, else ``None``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return None if base is None else f"{base}.{node.attr}"
    return None
