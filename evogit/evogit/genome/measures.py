"""A few numbers that say what code is like, read from its text alone, in any language.

They are counted by words and indentation, not by a grammar: rough, but linear in the text, the
same for every language, and safe on hostile input. They place individuals in a space of behaviour
or tell how unlike two are; nothing is judged by them.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from evogit.errors import UserError
from evogit.genome.changes import changes
from evogit.genome.fingerprint import MAX_BYTES, MAX_FILES
from evogit.git.repository import GitRepository
from evogit.ids import BlobId, TreeId

NAMES: Final[tuple[str, ...]] = (
    "size",
    "lines",
    "depth",
    "branches",
    "loops",
    "calls",
    "functions",
    "numbers",
)
SCALES: Final[dict[str, float]] = dict(
    zip(NAMES, (500.0, 15.0, 3.0, 5.0, 3.0, 10.0, 3.0, 10.0), strict=True)
)
"""A difference from the base that is large, for each."""

_QUIET: Final = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(?:\#|//)[^\n]*|/\*.*?\*/", re.DOTALL
)
_COUNTED: Final = {
    "branches": re.compile(r"\b(?:if|elif|case|when|catch|except|and|or)\b|&&|\|\||\?"),
    "loops": re.compile(r"\b(?:for|while|loop|until)\b"),
    "calls": re.compile(r"\b(?!if\b|for\b|while\b|switch\b|and\b|or\b|not\b|in\b|return\b)\w+\("),
    "functions": re.compile(r"\b(?:def|fn|fun|func|function|lambda)\b|=>"),
    "numbers": re.compile(r"\b\d[\w.]*"),
}
_KEPT: Final = 8192


def measure(data: bytes) -> dict[str, float]:
    """The measures of one file, by ``NAMES``; zeros but for ``size`` where it is too large."""
    found: dict[str, float] = dict.fromkeys(NAMES, 0.0)
    found["size"] = float(len(data))
    if len(data) > MAX_BYTES:
        return found
    text = _QUIET.sub(" ", data.decode("utf-8", "replace"))
    lines = [line for line in text.splitlines() if line.strip()]
    found["lines"] = float(len(lines))
    found["depth"] = float(_depth(lines))
    for name, pattern in _COUNTED.items():
        found[name] = float(sum(1 for _ in pattern.finditer(text)))
    return found


def _depth(lines: list[str]) -> int:
    """The deepest indentation, in levels, or the most open braces if these are more."""
    levels, deepest, open_braces = [0], 0, 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        while levels[-1] > indent:
            levels.pop()
        if levels[-1] < indent:
            levels.append(indent)
        open_braces += line.count("{") - line.count("}")
        deepest = max(deepest, len(levels) - 1, open_braces)
    return deepest


class Measures:
    """Measures of genomes, as differences from the base. Thread-safe.

    Args:
        git: the swarm repository.
        base: the base's tree: what a genome shares with it is not read.
    """

    def __init__(self, git: GitRepository, base: TreeId) -> None:
        self._git = git
        self._base = base
        self._trees: OrderedDict[TreeId, Mapping[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tree: TreeId) -> Mapping[str, float]:
        """By ``NAMES`` how much more of it a genome holds than the base; ``depth`` adds over files.

        Of one that is too large to be compared nothing is known: zeros.

        Raises:
            KeyError: it is not in the repository.
        """
        with self._lock:
            found = self._trees.get(tree)
            if found is None:
                found = self._trees[tree] = self._read(tree)
                if len(self._trees) > _KEPT:
                    self._trees.popitem(last=False)
            return found

    def _read(self, tree: TreeId) -> Mapping[str, float]:
        total: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        try:
            found = changes(self._git, self._base, tree)
        except UserError:
            return total
        for change in found[:MAX_FILES]:
            new, old = self._file(change.new), self._file(change.old)
            for name in NAMES:
                total[name] += new[name] - old[name]
        return total

    def _file(self, blob: BlobId | None) -> dict[str, float]:
        if blob is None:
            return measure(b"")
        try:
            return measure(self._git.read_blob(blob))
        except (UserError, KeyError):  # larger than may be read, or a submodule
            return measure(b"")


def squash(name: str, difference: float) -> float:
    """A difference from the base as a number from 0 to 1; 0.5 is the base itself."""
    return 0.5 + 0.5 * difference / (abs(difference) + SCALES[name])
