"""What an offspring added that a human should see before it joins the population.

The scan compares files with those of the base and of accepted parents: what one of them already
did counts for nothing. It parses and matches, and never runs, imports or follows anything. Its
time is bounded by the limits below; what is beyond them is itself a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from evogit.config.model import Quarantine
from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import SYMLINK, Entry, changed
from evogit.ids import TreeId
from evogit.paths import matches
from evogit.quarantine.files import changed_settings, is_config, kind_of
from evogit.quarantine.finding import Finding, Severity, bounded, make
from evogit.quarantine.literals import data_tokens
from evogit.quarantine.versions import (
    MAX_FILE,
    Change,
    Compared,
    Readings,
    compare,
    done_before,
    lost_checks,
)
from evogit.swarm.spec import Spec

MAX_FILES: Final = 500
MAX_TOTAL: Final = 2**20
_MAX_DATA: Final = 2 * 2**20
_DATA_FILES: Final = 16 * 2**10
"""Bytes of data files added; more could be answers of any kind."""
_LEAVES_PER_PAIR: Final = 8
"""A list says less per element than a table from input to answer, and constants need lists."""
_TELLING: Final = 3
"""So many values of the evaluator's data asked for are no chance: one or two may be."""
_NOTED_BYTES: Final = 1000


class Scanner:
    """Scans trees under one spec. Thread-safe.

    Args:
        git: the swarm repository.
        spec: names protected files, and holds the evaluator's data and the settings of rules.
        base: tree of the base.
    """

    def __init__(self, git: GitRepository, spec: Spec, base: TreeId) -> None:
        self._git = git
        self._spec = spec
        self._base = base
        self._readings = Readings(git)
        self._data: frozenset[str] | None = None
        self._own: frozenset[str] | None = None

    def scan(self, tree: TreeId, accepted: Iterable[TreeId] = ()) -> tuple[Finding, ...]:
        """What ``tree`` has that neither the base nor any of ``accepted`` has.

        Args:
            tree: the individual's.
            accepted: its parents', as far as they are in the population.
        """
        try:
            changes = self._changes(tree, tuple(accepted))
        except UserError as error:
            return apply(
                [make("hidden-code", "", 0, error.message)], self._spec.settings.quarantine
            )
        if not changes:
            return ()
        found = [*self._by_name(changes), *self._too_much(changes)]
        found += self._by_content(list(_within(changes)))
        return apply(found, self._spec.settings.quarantine)

    def _changes(self, tree: TreeId, accepted: tuple[TreeId, ...]) -> list[Change]:
        handle = self._git.handle
        after = changed(handle, self._base, tree)
        befores = [changed(handle, tree, self._base)]
        for parent in accepted:
            if parent == tree or not after:
                return []
            theirs = changed(handle, tree, parent)
            after = {path: entry for path, entry in after.items() if path in theirs}
            befores.append(theirs)
        return [
            self._readings.change(path, [before.get(path) for before in befores], after[path])
            for path in sorted(after)
        ]

    def _by_name(self, changes: Sequence[Change]) -> Iterable[Finding]:
        protected = self._spec.settings.search.protected
        for change in changes:
            path, what = change.path, _what(change.olds[0], change.new)
            if matches(path, protected):
                yield make("protected-file", path, 0, f"{what} although it is protected")
            if is_config(path):
                yield make("config-changed", path, 0, f"{what}: it configures tests, lint or CI")
            elif change.size <= MAX_FILE:
                keys = changed_settings(path, change.old_data, change.new_data)
                if keys:
                    yield make("config-changed", path, 0, f"changes {', '.join(keys)}")
            if change.new is not None and kind_of(path) == "binary":
                yield make("hidden-code", path, 0, f"{what}: machine or byte code")

    def _too_much(self, changes: Sequence[Change]) -> Iterable[Finding]:
        code = [c for c in changes if kind_of(c.path) in ("code", "test")]
        total = sum(change.size for change in code)
        if len(code) > MAX_FILES or total > MAX_TOTAL:
            evidence = f"{len(code)} files of {total} bytes are more than are scanned"
            yield make("hidden-code", "", 0, evidence)
        data = sum(c.grown for c in changes if kind_of(c.path) == "data")
        if data >= _DATA_FILES:
            yield make("answer-table", "", 0, f"{data} bytes of data files were added")

    def _by_content(self, changes: Sequence[Change]) -> Iterable[Finding]:
        compared = [compare(change, self._readings) for change in changes]
        signals = [(one.path, signal) for one in compared for signal in one.signals]
        before = done_before(changes, self._readings) if signals else set[tuple[str, str]]()
        for path, signal in (*signals, *lost_checks(changes, self._readings)):
            if (signal.rule, signal.key) not in before:
                yield make(signal.rule, path, signal.line, signal.evidence)
        for one in compared:
            yield from self._asked(one.path, one.asked)
        if compared:
            yield from self._tables(compared)

    def _tables(self, compared: Sequence[Compared]) -> Iterable[Finding]:
        most = self._spec.settings.quarantine.table
        pairs = set[str]().union(*(one.pairs for one in compared))
        leaves = sum(one.leaves.total() for one in compared)
        path = max(compared, key=lambda one: len(one.pairs) + one.leaves.total()).path
        if len(pairs) >= most or leaves >= most * _LEAVES_PER_PAIR:
            evidence = f"{len(pairs)} literal pairs and {leaves} literals in lists were added"
            yield make("answer-table", path, 0, evidence)
        size = sum(map(len, pairs)) + sum(len(t) * n for o in compared for t, n in o.leaves.items())
        if size >= _NOTED_BYTES:
            yield make("literal-data", path, 0, f"about {size} bytes of literals were added")

    def _asked(self, path: str, asked: dict[str, int]) -> Iterable[Finding]:
        if len(asked) < _TELLING:
            return
        hits = [name for name in asked if name in self._evaluator_data()]
        hits = [name for name in hits if name not in self._own_data()] if hits else []
        if len(hits) >= _TELLING:
            shown = ", ".join(hits[:4])
            evidence = f"asks for {len(hits)} values of the evaluator's or the tests' data: {shown}"
            yield make("answer-literals", path, asked[hits[0]], evidence)

    def _evaluator_data(self) -> frozenset[str]:
        if self._data is None:
            evaluator = self._git.files(self._spec.evaluator)
            pinned = [entry for path, entry in evaluator.items() if path != "judge.json"]
            tests = [
                e for path, e in self._git.files(self._base).items() if kind_of(path) == "test"
            ]
            self._data = data_tokens(self._contents([*pinned, *tests]))
        return self._data

    def _own_data(self) -> frozenset[str]:
        """What the base's own code holds: natural words and numbers of its field."""
        if self._own is None:
            files = self._git.files(self._base).items()
            self._own = data_tokens(self._contents([e for p, e in files if kind_of(p) == "code"]))
        return self._own

    def _contents(self, entries: Sequence[Entry]) -> Iterable[bytes]:
        room = _MAX_DATA
        for entry in entries:
            data = self._readings.read(entry)
            if data is None or room <= 0:
                continue
            yield data[:room]
            room -= len(data)


def apply(found: Iterable[Finding], settings: Quarantine) -> tuple[Finding, ...]:
    """``found`` as ``[quarantine]`` wants it, bounded; of one rule in one file at most five."""
    kept: list[Finding] = []
    counts: dict[tuple[str, str], int] = {}
    for finding in found:
        rule = finding.rule
        counts[rule, finding.path] = counts.get((rule, finding.path), 0) + 1
        if rule in settings.off or counts[rule, finding.path] > 5:
            continue
        kept.append(replace(finding, severity=_severity(finding, settings)))
    return bounded(kept)


def _severity(finding: Finding, settings: Quarantine) -> Severity:
    if finding.rule in settings.note:
        return "note"
    return "hold" if finding.rule in settings.hold else finding.severity


def _what(old: Entry | None, new: Entry | None) -> str:
    if new is None:
        return "deleted"
    if new.mode == SYMLINK:
        return "made a link"
    return "changed" if old is not None else "added"


def _within(changes: Sequence[Change]) -> Iterable[Change]:
    """As much as is scanned; ``_too_much`` says so if that is not all of the code."""
    room = MAX_TOTAL
    for number, change in enumerate(sorted(changes, key=_code_first)):
        room -= change.size
        if room < 0 or number == MAX_FILES:
            return
        yield change


def _code_first(change: Change) -> bool:
    return kind_of(change.path) not in ("code", "test")
