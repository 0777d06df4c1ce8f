"""One file of an offspring beside the same file of the base and of its accepted parents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import pygit2
from pygit2.enums import DiffOption

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, FILE, Entry, blob_size
from evogit.ids import BlobId
from evogit.inline_tests.kept import inline_tests, may_hold_tests
from evogit.quarantine import lines
from evogit.quarantine.files import kind_of
from evogit.quarantine.parsing import Module, read_module, risky
from evogit.quarantine.python_tests import Checks, losses, together
from evogit.quarantine.signal import Signal

MAX_FILE: Final = 2**20
_PYTHON: Final = (".py", ".pyi")
_KEPT_MODULES: Final = 256


@dataclass(frozen=True, slots=True)
class Change:
    """One changed path. ``olds`` begins with the base's entry; ``size`` is 0 if it was deleted."""

    path: str
    olds: tuple[Entry | None, ...]
    new: Entry | None
    size: int
    grown: int
    new_data: bytes | None
    olds_data: tuple[bytes | None, ...]

    @property
    def old_data(self) -> bytes | None:
        """What the newest of the older versions holds."""
        return next((data for data in reversed(self.olds_data) if data is not None), None)

    @property
    def is_python(self) -> bool:
        """By its name, or by its first line."""
        start = (self.new_data or self.old_data or b"")[:80].partition(b"\n")[0]
        return self.path.endswith(_PYTHON) or (start.startswith(b"#!") and b"python" in start)

    @property
    def is_test(self) -> bool:
        """Whether its name says that it is a test."""
        return kind_of(self.path) == "test"

    def tests(self, data: bytes | None) -> bytes | None:
        """What of a version is tests: all of a test file, else the tests inside, if there are any."""
        if data is None or self.is_test:
            return data
        found = inline_tests(self.path, data.decode("utf-8", "surrogateescape"))
        if found is None:
            return data
        return found.text().encode("utf-8", "surrogateescape") or None

    @property
    def touches_tests(self) -> bool:
        """Whether it is a test file, or tests inside it differ from the base's."""
        return self.is_test or self.tests(self.olds_data[0]) != self.tests(self.new_data)


class Readings:
    """Reads blobs and what the rules say of them, and keeps the latest. Thread-safe."""

    def __init__(self, git: GitRepository) -> None:
        self._git = git
        self._modules = lru_cache(maxsize=_KEPT_MODULES)(self._module)

    def change(self, path: str, olds: Sequence[Entry | None], new: Entry | None) -> Change:
        """One changed path with what its versions hold."""
        sizes = [self._size(entry) for entry in (new, *olds)]
        return Change(
            path=path,
            olds=tuple(olds),
            new=new,
            size=sizes[0],
            grown=max(sizes[0] - max(sizes[1:], default=0), 0),
            new_data=self.read(new),
            olds_data=tuple(self.read(entry) for entry in olds),
        )

    def read(self, entry: Entry | None) -> bytes | None:
        """A regular file of at most 1 MiB; ``None`` for anything else."""
        if entry is None or entry.mode not in (FILE, EXECUTABLE):
            return None
        try:
            return self._git.read_blob(entry.blob, MAX_FILE)
        except UserError:
            return None

    def module(self, data: bytes | None, entry: Entry | None, *, test: bool) -> Module:
        """What the rules say of a Python file that was read from ``entry``."""
        return Module() if entry is None or data is None else self._modules(entry.blob, test)

    def _module(self, blob: BlobId, test: bool) -> Module:
        return read_module(self._git.read_blob(blob, MAX_FILE), test=test)

    def _size(self, entry: Entry | None) -> int:
        if entry is None or entry.mode not in (FILE, EXECUTABLE):
            return 0
        return blob_size(self._git.handle, entry.blob)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a new version of one file does, holds and asks for, and what older ones do not."""

    path: str
    signals: tuple[Signal, ...] = ()
    pairs: frozenset[str] = frozenset()
    leaves: Counter[str] = field(default_factory=Counter[str])
    asked: dict[str, int] = field(default_factory=dict[str, int])


def compare(change: Change, readings: Readings) -> Compared:
    """Look at one changed file; cheap if the added lines could break no rule."""
    kind = kind_of(change.path)
    if change.new_data is None or (kind not in ("code", "test") and not change.is_python):
        return Compared(change.path)
    added = _added(change)
    if change.is_python:
        text = "\n".join(line for _, line in added)
        return _python(change, readings) if change.is_test or risky(text) else Compared(change.path)
    found = tuple(lines.signals(change.path, added))
    return Compared(change.path, found, leaves=_literal_lines(added))


def _added(change: Change) -> list[tuple[int, str]]:
    """Lines (number, text) that no older version has at their place."""
    new = _split(change.new_data)
    numbers = set(range(1, len(new) + 1))
    for data in change.olds_data:
        if data is not None and numbers:
            numbers &= _inserted(_split(data), new)
    return [(number, new[number - 1]) for number in sorted(numbers)]


def _split(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines()


def _inserted(old: list[str], new: list[str]) -> set[int]:
    """Numbers of the lines that a comparison of texts says were added; what moved was, too."""
    # Split and joined, so that every kind of line end counts, and as text even with NUL bytes.
    before, after = ("".join(f"{line}\n" for line in text).encode() for text in (old, new))
    patch = pygit2.Patch.create_from(before, after, context_lines=0, flag=DiffOption.FORCE_TEXT)
    return {line.new_lineno for hunk in patch.hunks for line in hunk.lines if line.origin == "+"}


def _literal_lines(added: list[tuple[int, str]]) -> Counter[str]:
    """In a language that is not parsed, lines that are nothing but numbers, texts and commas."""
    found: Counter[str] = Counter()
    for _, line in added:
        pieces = line.strip().strip("[]{}(),;").split(",")
        if len(pieces) > 2 and all(_literal(piece.strip()) for piece in pieces):
            found.update(pieces)
    return found


def _literal(piece: str) -> bool:
    bare = piece.lstrip("-+")
    return not piece or bare[:1].isdigit() or (len(piece) > 1 and piece[0] == piece[-1] in "\"'")


def _python(change: Change, readings: Readings) -> Compared:
    new = readings.module(change.new_data, change.new, test=change.is_test)
    if new.problem == "deep":
        evidence = "too large or too deeply nested to be read"
        return Compared(change.path, (Signal("hidden-code", "deep", 0, evidence),))
    if new.problem:
        evidence = "is not Python that can be read"
        return Compared(change.path, (Signal("unreadable", "syntax", 0, evidence),))
    olds = _olds(change, readings)
    pairs = frozenset(new.literals.pairs).difference(*(old.literals.pairs for old in olds))
    leaves = new.literals.leaves
    asked = dict(new.literals.asked)
    for old in olds:
        leaves = leaves - old.literals.leaves
        for name in old.literals.asked:
            asked.pop(name, None)
    return Compared(change.path, _first(new.signals), pairs, leaves, asked)


def _first(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Each thing once, where it is done first."""
    found: dict[tuple[str, str], Signal] = {}
    for signal in sorted(signals, key=lambda s: s.line):
        found.setdefault((signal.rule, signal.key), signal)
    return tuple(found.values())


def _olds(change: Change, readings: Readings) -> list[Module]:
    pairs = zip(change.olds_data, change.olds, strict=True)
    return [readings.module(data, entry, test=change.is_test) for data, entry in pairs if data]


def done_before(changes: Sequence[Change], readings: Readings) -> set[tuple[str, str]]:
    """Rule and key of everything that an older version of any changed file did: code may move.

    Except what ``lines.PLACED`` names.
    """
    found: set[tuple[str, str]] = set()
    for change in changes:
        if change.is_python:
            signals = [s for module in _olds(change, readings) for s in module.signals]
        else:
            numbered = [(0, line) for data in change.olds_data for line in _split(data)]
            found_there = lines.signals(change.path, numbered)
            signals = [signal for signal in found_there if signal.rule not in lines.PLACED]
        found.update((signal.rule, signal.key) for signal in signals)
    return found


def lost_checks(changes: Sequence[Change], readings: Readings) -> Iterator[tuple[str, Signal]]:
    """What old tests lost, as (path, signal): relative to every older version that had them."""
    tests = [change for change in changes if change.is_test]
    inside = [change for change in changes if not change.is_test and may_hold_tests(change.path)]
    for change in (*tests, *inside):
        lost: list[_Losses] = [
            _python_losses(change, tests, number, readings)
            if change.is_test and change.is_python
            else _line_losses(change, number)
            for number, data in enumerate(change.olds_data)
            if change.tests(data) is not None
        ]
        # A version that lacks the file never had the check, so that nothing was lost since.
        if len(lost) == len(change.olds_data):
            last = lost[-1]
            yield from ((change.path, last[key]) for key in last if all(key in one for one in lost))


_Losses = dict[tuple[str, str], Signal]


def _python_losses(
    change: Change, tests: Sequence[Change], number: int, readings: Readings
) -> _Losses:
    old = readings.module(change.olds_data[number], change.olds[number], test=True)
    new = readings.module(change.new_data, change.new, test=True)
    if new.problem:
        return {("test-changed", ""): Signal("test-changed", "", 0, "can not be read any more")}
    others = [t for t in tests if t.is_python and t.path != change.path]
    elsewhere = [readings.module(t.new_data, t.new, test=True).checks for t in others]
    found = losses(old.checks, new.checks, together(elsewhere) if elsewhere else Checks())
    return {(signal.rule, signal.key): signal for signal in found}


def _line_losses(change: Change, number: int) -> _Losses:
    before, after = change.tests(change.olds_data[number]), change.tests(change.new_data)
    if change.new_data is None:
        return {("test-removed", ""): Signal("test-removed", "", 0, "the file is gone")}
    old = _split(before)
    new = Counter(line.strip() for line in _split(after))
    gone = Counter(line.strip() for line in old if line.strip()) - new
    found: _Losses = {}
    for name in sorted(lines.tests(old) - lines.tests(_split(after))):
        found["test-removed", name] = Signal("test-removed", name, 0, f"{name} is gone")
    for line in list(gone)[:20]:
        asserts = lines.ASSERTION.search(line[:2000])
        rule = "assertion-weakened" if asserts else "test-changed"
        found[rule, line] = Signal(rule, line, 0, f"gone or changed: {line[:200]}")
    return found
