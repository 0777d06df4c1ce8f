"""The rules of this code base that no other tool checks; exits 1 and lists what breaks them.

- a module has at most 500 lines, a function's body at most 50 (without its docstring)
- heavy libraries are imported inside functions, so that start-up stays fast
- only the command line and programs of their own read the environment or the home folder
- ``__all__``, where there is one, is sorted
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = (
    "evogit/evogit",
    "agents/evogit_agents",
    "problems/evogit_problems",
    "tui/evogit_tui",
)
MODULE_LINES: Final = 500
BODY_LINES: Final = 50
HEAVY: Final = frozenset({"networkx", "docker", "litellm", "textual", "numpy", "git"})
MAY_IMPORT: Final = {"textual": "tui/"}
ENVIRONMENT: Final = frozenset(
    {"environ", "getenv", "environb", "expanduser", "home", "expandvars"}
)
MAY_READ: Final = (
    "evogit/evogit/cli/",
    "problems/",  # an evaluator is a program of its own
    "evogit/evogit/sandbox/forkserver_zygote.py",  # so is the fork server
    "evogit/evogit/judge/harness_inside/",  # and what starts tests inside a sandbox
    "evogit/evogit/git/program.py",  # hands PATH and the like on to git
    "agents/evogit_agents/models/through_litellm.py",  # sets two variables while litellm is imported
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return 0 if not body else (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def long_functions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Functions whose body is too long."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and (lines := body_lines(node)) > BODY_LINES:
            yield node.lineno, f"the body of {node.name} has {lines} lines, at most {BODY_LINES}"


def imports_at_start(statements: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """What importing the module imports: (line, top-level package)."""
    for node in statements:
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield node.lineno, module.partition(".")[0]
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=other):
                yield from imports_at_start(other)
            case ast.If(body=body, orelse=other):
                yield from imports_at_start(body + other)
            case ast.Try(body=body, handlers=handlers):
                yield from imports_at_start(body + [s for h in handlers for s in h.body])
            case _:
                pass


def heavy_imports(tree: ast.Module, where: str) -> Iterator[tuple[int, str]]:
    """Heavy libraries imported at start."""
    for line, package in imports_at_start(tree.body):
        allowed = MAY_IMPORT.get(package)
        if package in HEAVY and not (allowed and where.startswith(allowed)):
            yield line, f"{package} is imported at start; import it in the function that needs it"


def environment_reads(tree: ast.Module, where: str) -> Iterator[tuple[int, str]]:
    """Uses of the environment or the home folder outside the command line."""
    if where.startswith(MAY_READ):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT:
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner in {"os", "path", "Path"}:
                yield node.lineno, f"{owner}.{node.attr} is for evogit.cli only; pass the value in"


def unsorted_exports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """An ``__all__`` that is not in order."""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id="__all__")], value=ast.List(elts) | ast.Tuple(elts)
            ):
                names = [e.value for e in elts if isinstance(e, ast.Constant)]
                if names != sorted(names, key=str):
                    yield node.lineno, "__all__ is not sorted"
            case _:
                pass


def findings(path: Path) -> Iterator[str]:
    """What breaks the rules in one file, as ``path:line: text``."""
    where, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    lines = text.count("\n")
    if lines > MODULE_LINES:
        yield f"{where}:1: {lines} lines, at most {MODULE_LINES}"
    tree = ast.parse(text)
    for line, finding in (
        *long_functions(tree),
        *heavy_imports(tree, where),
        *environment_reads(tree, where),
        *unsorted_exports(tree),
    ):
        yield f"{where}:{line}: {finding}"


def main() -> int:
    """Check all sources; the number of findings decides."""
    files = [p for s in SOURCES for p in sorted((ROOT / s).rglob("*.py")) if "seed" not in p.parts]
    found = [finding for path in files for finding in findings(path)]
    print("\n".join(found) if found else f"house rules: {len(files)} modules, no findings")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
