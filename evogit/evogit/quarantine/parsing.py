"""Python files as syntax trees, bounded, and what the rules say of them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from evogit.quarantine import python, python_tests
from evogit.quarantine.literals import Literals, literals
from evogit.quarantine.names import Nodes
from evogit.quarantine.python_tests import Checks
from evogit.quarantine.signal import Signal
from evogit.syntax import parse

MAX_PARSED: Final = 256 * 2**10
_FILENAME: Final = "<evogit scan>"

# As in the genetic agent: the compiler warns about a candidate's slips on standard error, and
# ``catch_warnings`` is not safe among threads.
warnings.filterwarnings("ignore", module=re.escape(_FILENAME))

_RISKY: Final = re.compile(
    r"[^\x00-\x7f]|\\[xuUN0-7]|coding[:=]|__|\.(?:f|tb|gi|cr|ag)_|cell_contents"
    r"|\b(?:import|exec|eval|compile|setattr|delattr|getattr|vars|globals|sys|inspect|gc|ctypes"
    r"|atexit|exit|quit|SystemExit|environ|environb|getenv|argv|modules|_exit|abort|killp?g?|raise_signal|fork|system|popen"
    r"|settrace|setprofile|importlib|traceback|builtins|marshal|runpy|skip\w*|xfail|pytest\w*"
    r"|unittest|collect_ignore\w*|load_tests|subprocess|multiprocessing|socket|types|code)\b|\.seed\b"
    r"|EVOGIT|PYTEST|\bCI\b|/eval|/candidate|/proc|LD_"
    r"|\b(?:for|as)\s+\w+\.|\bdel\b|\.\w+\s*[,)\]][^=\n]*=(?!=)"
    r"|(?<!self)(?<!cls)\.\s*\w+\s*(?:[-+*/%&|^@]|//|\*\*|<<|>>|:[^=]*)?=(?!=)"
)
"""Lines without any of this can break no rule: then nothing is parsed, and the scan costs microseconds."""
_TELLING: Final = re.compile(r"\d\d\d\d|\d\.\d{3}|[\"'][^\"'\n]{8}")
_SEPARATORS: Final = re.compile(r",|==|:|\bcase\b")
_MANY_SEPARATORS: Final = 16
_MANY_TELLING: Final = 3
_MUCH: Final = 1000

Problem = Literal["", "syntax", "deep"]


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file as the rules see it. With a ``problem`` it could not be read."""

    signals: tuple[Signal, ...] = ()
    literals: Literals = field(default_factory=Literals)
    checks: Checks = field(default_factory=Checks)
    problem: Problem = ""


def risky(added: str) -> bool:
    """Whether added lines could break any rule, seen from afar."""
    return (
        len(added) >= _MUCH
        or _RISKY.search(added) is not None
        or len(_TELLING.findall(added)) >= _MANY_TELLING
        or len(_SEPARATORS.findall(added)) >= _MANY_SEPARATORS
    )


def read_module(data: bytes, *, test: bool) -> Module:
    """What the rules say of a file. Never raises, whatever ``data`` is; nothing of it is run."""
    if len(data) > MAX_PARSED:
        return Module(problem="deep")
    try:
        tree = parse(data, filename=_FILENAME)
        nodes: Nodes = tuple(ast.walk(tree))
        found = (*python.signals(nodes), *python_tests.skips(nodes, test=test))
        checks = python_tests.checks(tree) if test else Checks()
        return Module(tuple(found), literals(nodes, _documentation(nodes)), checks)
    except (RecursionError, MemoryError):
        return Module(problem="deep")
    except (SyntaxError, ValueError, OverflowError):
        return Module(problem="syntax")


def read_tree(data: bytes) -> ast.Module | None:
    """The syntax tree of a Python file, or ``None`` if it has none or is too large or too deep."""
    try:
        return parse(data, filename=_FILENAME) if len(data) <= MAX_PARSED else None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None


def _documentation(nodes: Nodes) -> frozenset[int]:
    """Ids of docstrings: words, however long."""
    return frozenset(_docstrings(nodes))


def _docstrings(nodes: Nodes) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield id(first.value)
