"""What an answer in Python says of itself: whether it compiles, and what it defines."""

from __future__ import annotations

import ast
import re
import warnings
from textwrap import dedent, indent
from typing import Final, cast

from evogit.syntax import parse
from evogit_agents.llm.answers import UnusableError
from evogit_agents.llm.patch import Range

_FILENAME: Final = "<evogit answer>"
_HOSTILE: Final = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)

# As in the genetic agent: the compiler warns about a model's slips on standard error, and
# ``catch_warnings`` is not safe among threads.
warnings.filterwarnings("ignore", module=re.escape(_FILENAME))

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def check_python(text: str) -> None:
    """Raise ``UnusableError`` with the compiler's words unless ``text`` compiles. Runs nothing."""
    try:
        tree = parse(text, filename=_FILENAME)
        compile(tree, _FILENAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip() or _line(text, error.lineno)
        raise UnusableError(f"Python says: {error.msg}: {line[:120]!r}") from error
    except _HOSTILE as error:
        raise UnusableError("the new file is no Python") from error


def _line(text: str, number: int | None) -> str:
    lines = text.split("\n")
    return lines[number - 1].strip() if number and number <= len(lines) else ""


def tree_of(text: str) -> ast.Module | None:
    """The syntax tree of a text, or of lines cut out of one; ``None`` if they are no Python."""
    try:
        return parse(dedent(text), filename=_FILENAME)
    except _HOSTILE:
        return None


def defined(text: str) -> set[str]:
    """The functions and classes that a text defines, not those inside of others."""
    tree = tree_of(text)
    body = tree.body if tree is not None else []
    return {node.name for node in body if isinstance(node, Definition)}


def definitions(text: str) -> list[tuple[str, Range]]:
    """Every function and class of a file with its lines, decorators included."""
    tree = tree_of(text)
    nodes = ast.walk(tree) if tree is not None else ()
    return [(node.name, span(node)) for node in nodes if isinstance(node, Definition)]


def with_head(lines: str, code: str) -> str:
    """``lines`` under the head of the one function that ``code`` defines, if they are its body.

    They are if they return something and define nothing; else ``lines`` come back as they are.
    """
    tree, body = tree_of(code), tree_of(lines)
    found = [node for node in tree.body if isinstance(node, Definition)] if tree else []
    nodes = list(ast.walk(body)) if body else []
    returns = any(isinstance(node, ast.Return) for node in nodes)
    if len(found) != 1 or isinstance(found[0], ast.ClassDef) or not returns:
        return lines
    if any(isinstance(node, Definition) for node in nodes):
        return lines
    own = found[0].body
    first = own[1] if ast.get_docstring(found[0], clean=False) and len(own) > 1 else own[0]
    old = code.split("\n")
    start, end = span(first)[0] - 1, span(own[-1])[1]
    if old[start].lstrip() != old[start][first.col_offset :]:
        return lines  # the body stands on the line of the head
    margin = old[start][: first.col_offset]
    return "\n".join([*old[:start], indent(dedent(lines), margin), *old[end:]])


def runs(text: str, longest: int) -> list[Range]:
    """The lines of all runs of up to ``longest`` neighbouring statements, at any depth."""
    tree = tree_of(text)
    found: list[Range] = []
    for node in ast.walk(tree) if tree is not None else ():
        for name in ("body", "orelse", "finalbody"):
            found_here: object = getattr(node, name, None)
            if not isinstance(found_here, list):  # of a lambda and of a conditional it is no list
                continue
            lines = cast("list[object]", found_here)
            body = [one for one in lines if isinstance(one, ast.stmt)]
            for i, first in enumerate(body):
                found += [(span(first)[0], span(last)[1]) for last in body[i : i + longest]]
    return found


def span(statement: ast.stmt) -> Range:
    """The lines of a statement, from 1, decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return first, statement.end_lineno or statement.lineno
