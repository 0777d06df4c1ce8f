"""How far code drifted from the base: tests, dependencies, size, and which files were touched.

A report, not a judgement: nothing here holds an individual.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import changed
from evogit.ids import TreeId
from evogit.paths import matches
from evogit.phylogeny.index import Phylogeny
from evogit.quarantine.dependencies import declared
from evogit.quarantine.files import changed_settings, is_config, kind_of
from evogit.quarantine.parsing import read_tree
from evogit.quarantine.versions import Change, Readings, compare, done_before, lost_checks

_MOST: Final = 2000
"""Only so many changed files are looked into; the rest are counted."""
_BRANCHES: Final = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.comprehension,
    ast.match_case,
)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Size:
    """Lines of code and, for Python, functions and cyclomatic complexity (McCabe 1976)."""

    lines: int = 0
    functions: int = 0
    complexity: int = 0

    def __sub__(self, other: Size) -> Size:
        return Size(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

    def __add__(self, other: Size) -> Size:
        return Size(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Drift:
    """What one tree has and has not, compared with the base.

    ``growth`` may be negative. ``risky`` are changed files that are protected, tests, or configure
    tests, lint, CI or the interpreter.
    """

    files: int = 0
    growth: Size = Size()
    tests_added: int = 0
    tests_removed: tuple[str, ...] = ()
    tests_changed: tuple[str, ...] = ()
    assertions_lost: tuple[str, ...] = ()
    skips_added: tuple[str, ...] = ()
    dependencies_added: tuple[str, ...] = ()
    dependencies_removed: tuple[str, ...] = ()
    risky: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """How many individuals one rule holds now, and how many it held that were released."""

    rule: str
    held: int
    released: int


class Drifts:
    """Measures trees against one base. Not for several threads.

    Args:
        git: the swarm repository.
        base: tree of the base.
        protected: patterns of protected files.
    """

    def __init__(self, git: GitRepository, base: TreeId, protected: Sequence[str]) -> None:
        self._git = git
        self._base = base
        self._protected = protected
        self._readings = Readings(git)
        self._size = lru_cache(maxsize=512)(_size)

    def of(self, tree: TreeId) -> Drift:
        """How ``tree`` differs from the base.

        Raises:
            UserError: the trees are too large or too deep to be compared.
        """
        changes = self._changes(tree)
        lost = [signal for _, signal in lost_checks(changes, self._readings)]
        added, removed = self._dependencies(changes)
        return Drift(
            files=len(changes),
            growth=sum((self._growth(change) for change in changes), Size()),
            tests_added=sum(self._new_tests(change) for change in changes),
            tests_removed=tuple(s.evidence for s in lost if s.rule == "test-removed"),
            tests_changed=tuple(s.evidence for s in lost if s.rule == "test-changed"),
            assertions_lost=tuple(s.evidence for s in lost if s.rule == "assertion-weakened"),
            skips_added=tuple(self._skips(changes)),
            dependencies_added=added,
            dependencies_removed=removed,
            risky=tuple(change.path for change in changes if self._risky(change)),
        )

    def _changes(self, tree: TreeId) -> list[Change]:
        handle = self._git.handle
        after = changed(handle, self._base, tree)
        before = changed(handle, tree, self._base)
        paths = sorted(after)[:_MOST]
        return [self._readings.change(path, [before.get(path)], after[path]) for path in paths]

    def _growth(self, change: Change) -> Size:
        if kind_of(change.path) not in ("code", "test"):
            return Size()
        old, new = change.old_data, change.new_data
        return self._size(new, change.is_python) - self._size(old, change.is_python)

    def _new_tests(self, change: Change) -> int:
        if not (change.is_test and change.is_python):
            return 0
        new = self._readings.module(change.new_data, change.new, test=True).checks.tests
        old = self._readings.module(change.old_data, change.olds[0], test=True).checks.tests
        return len(new.keys() - old.keys())

    def _skips(self, changes: Sequence[Change]) -> Iterable[str]:
        found = [(c.path, s) for c in changes for s in compare(c, self._readings).signals]
        skips = [(path, s) for path, s in found if s.rule == "test-skipped"]
        before = done_before(changes, self._readings) if skips else set[tuple[str, str]]()
        for path, signal in skips:
            if (signal.rule, signal.key) not in before:
                yield f"{path}:{signal.line} {signal.evidence}"

    def _dependencies(self, changes: Sequence[Change]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        new = {name for c in changes for name in declared(c.path, c.new_data)}
        old = {name for c in changes for name in declared(c.path, c.old_data)}
        return tuple(sorted(new - old)), tuple(sorted(old - new))

    def _risky(self, change: Change) -> bool:
        path = change.path
        if change.touches_tests or is_config(path) or matches(path, self._protected):
            return True
        return bool(changed_settings(path, change.old_data, change.new_data))


def _size(data: bytes | None, python: bool) -> Size:
    if data is None:
        return Size()
    lines = sum(1 for line in data.splitlines() if line.strip())
    tree = read_tree(data) if python else None
    if tree is None:
        return Size(lines)
    functions = branches = 0
    for node in ast.walk(tree):
        functions += isinstance(node, _FUNCTIONS)
        branches += isinstance(node, _BRANCHES)
        branches += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
    return Size(lines, functions, functions + branches)


def held_by_rule(phylogeny: Phylogeny) -> list[Held]:
    """How many individuals each rule holds or held, the most first; ``plausible`` is the evaluator's."""
    held: Counter[str] = Counter()
    released: Counter[str] = Counter()
    for found in phylogeny.quarantine.evaluations():
        rules = {finding.rule for finding in found.findings if finding.severity == "hold"}
        count = released if phylogeny.quarantine.released(found.tree) else held
        count.update(rules or {"plausible"})
    rules = held.keys() | released.keys()
    rows = [Held(rule, held[rule], released[rule]) for rule in rules]
    return sorted(rows, key=lambda row: (-row.held - row.released, row.rule))


def of_population(drifts: Drifts, phylogeny: Phylogeny) -> list[tuple[int, Drift]]:
    """The drift of every individual at a branch, by row; trees that can not be compared are left out."""
    found: list[tuple[int, Drift]] = []
    for row in phylogeny.population():
        try:
            found.append((row, drifts.of(phylogeny.tree(row))))
        except UserError:
            continue
    return found
