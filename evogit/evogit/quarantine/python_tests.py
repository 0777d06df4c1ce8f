"""What Python code does to tests: what it skips or hooks into, and what an old test lost."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from evogit.quarantine.names import Nodes, aliases, dotted, starts
from evogit.quarantine.signal import Signal

_SKIPS: Final = (
    "pytest.skip",
    "pytest.xfail",
    "pytest.importorskip",
    "pytest.exit",
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "unittest.skip",
    "unittest.skipIf",
    "unittest.skipUnless",
    "unittest.expectedFailure",
    "unittest.SkipTest",
)
_SWITCHES: Final = frozenset({"collect_ignore", "collect_ignore_glob", "pytest_plugins"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def skips(nodes: Nodes, *, test: bool) -> Iterator[Signal]:
    """Skips, hooks and switches.

    Args:
        nodes: all nodes of the module.
        test: whether it is a test file, where blocks that never run count too.
    """
    known = aliases(nodes)
    for node in nodes:
        match node:
            case ast.Attribute() | ast.Name():
                yield from _skip(node, known)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("pytest_") or name == "load_tests":
                    yield Signal("test-hook", name, node.lineno, f"defines the hook {name}")
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _switch(target, value)
            case ast.If(test=condition) | ast.While(test=condition) if test:
                if _never(condition) and any(_checks(inner) for inner in ast.walk(node)):
                    evidence = "a check stands in a block that never runs"
                    yield Signal("test-skipped", f"never {node.lineno}", node.lineno, evidence)
            case _:
                pass


def _skip(node: ast.Attribute | ast.Name, known: Mapping[str, str]) -> Iterator[Signal]:
    name = starts(dotted(node, known), _SKIPS)
    if not name and isinstance(node, ast.Attribute) and node.attr == "skipTest":
        name = "skipTest"
    if name:
        yield Signal("test-skipped", name, node.lineno, f"uses {name}")


def _switch(target: ast.expr, value: ast.expr) -> Iterator[Signal]:
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    off = name == "__test__" and isinstance(value, ast.Constant) and not value.value
    if off or name in _SWITCHES:
        yield Signal("test-skipped", str(name), target.lineno, f"sets {name}")


def _never(condition: ast.expr) -> bool:
    return isinstance(condition, ast.Constant) and not condition.value


def _checks(node: ast.AST) -> bool:
    if isinstance(node, Function):
        return node.name.startswith("test")
    return isinstance(node, ast.Assert) or _assertion_call(node)


def _assertion_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return name.startswith(("assert", "fail")) or name in {"raises", "warns", "approx"}


@dataclass(frozen=True, slots=True)
class Checks:
    """What a test file holds: its tests, its assertions and everything else, as texts that compare.

    ``tests`` and ``rest`` map a name to the code; ``assertions`` counts.
    """

    tests: Mapping[str, str] = field(default_factory=dict[str, str])
    rest: Mapping[str, str] = field(default_factory=dict[str, str])
    assertions: Counter[str] = field(default_factory=Counter[str])


def checks(tree: ast.Module) -> Checks:
    """The checks of one module."""
    tests: dict[str, str] = {}
    rest: dict[str, str] = {}
    for name, node in _parts(tree.body, ""):
        is_test = isinstance(node, Function) and node.name.startswith("test")
        (tests if is_test else rest)[name] = ast.dump(node)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) or _assertion_call(n)]
    return Checks(tests, rest, Counter(_shown(node) for node in found))


def _shown(node: ast.AST) -> str:
    try:
        return ast.unparse(node)[:200]
    except (RecursionError, ValueError):
        return ast.dump(node)[:200]


def _parts(body: list[ast.stmt], prefix: str, depth: int = 0) -> Iterator[tuple[str, ast.stmt]]:
    for number, node in enumerate(body):
        if isinstance(node, ast.ClassDef) and depth < 20:
            yield from _parts(node.body, f"{prefix}{node.name}.", depth + 1)
        elif isinstance(node, Function | ast.ClassDef):
            yield f"{prefix}{node.name}", node
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            yield f"{prefix}statement {number + 1}", node


def losses(old: Checks, new: Checks, elsewhere: Checks) -> Iterator[Signal]:
    """What ``old`` had and neither ``new`` nor, moved, ``elsewhere`` has."""
    for name, code in old.tests.items():
        if name not in new.tests and code not in elsewhere.tests.values():
            yield Signal("test-removed", name, 0, f"{name} is gone")
    gone = old.assertions - new.assertions - elsewhere.assertions
    for text in gone:
        yield Signal("assertion-weakened", text, 0, f"gone or changed: {text}")
    kept = set(new.rest.values()) | set(elsewhere.rest.values())
    for name, code in old.tests.items():
        if name in new.tests and new.tests[name] != code:
            yield Signal("test-changed", name, 0, f"{name} was changed")
    for name, code in old.rest.items():
        if code not in kept:
            yield Signal("test-changed", name, 0, f"{name} was changed or is gone")


def together(found: list[Checks]) -> Checks:
    """Several files' checks as one."""
    tests = {f"{i} {name}": code for i, c in enumerate(found) for name, code in c.tests.items()}
    rest = {f"{i} {name}": code for i, c in enumerate(found) for name, code in c.rest.items()}
    return Checks(tests, rest, sum((c.assertions for c in found), Counter[str]()))
