"""The files an operator may show to a model and change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evogit.config.model import Search
from evogit.errors import UserError
from evogit.git.trees import check_path
from evogit.inline_tests.kept import inline_tests, keeps_tests
from evogit.paths import editable_ranges, matches, outside_unchanged
from evogit.proposals import Genome
from evogit.text import clean
from evogit_agents.llm.answers import Swap, UnusableError
from evogit_agents.llm.patch import Range, swap
from evogit_agents.llm.python import check_python

_BOM: Final = "\ufeff"
"""A byte order mark: to Python and to models a stray character, to some tools a part of the file."""
NO_CHANGE: Final = "your answer changes nothing; make a real change"
MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A text file of a genome, with LF at line ends and no byte order mark.

    Args:
        path: in the tree.
        text: its content.
        ranges: the lines that may change.
        framed: whether the file also holds lines that may not.
        crlf: whether its lines end in CR LF in the tree.
        bom: whether it begins with a byte order mark in the tree.
    """

    path: str
    text: str
    ranges: tuple[Range, ...]
    framed: bool
    crlf: bool
    bom: bool

    def may_change(self, window: Range) -> bool:
        """Whether all lines of a window may change."""
        return any(first <= window[0] and window[1] <= last for first, last in self.ranges)

    @property
    def lines(self) -> list[str]:
        """Its lines without line ends."""
        return self.text.split("\n")

    def part(self, window: Range) -> str:
        """The lines of a window."""
        return "\n".join(self.lines[window[0] - 1 : window[1]])

    def swapped(self, found: Sequence[Swap]) -> Source:
        """The same file after search/replace blocks, one after the other.

        Raises:
            UnusableError: one has no place in lines that may change, or more than one.
        """
        now = self
        for one in found:
            text = swap(now.text, one.search, one.replace, now.ranges)
            now = replace(now, text=text, ranges=_ranges(self.path, text))
        return now

    def become(self, text: str) -> bytes:
        """The file's new content, with the line ends and the byte order mark of the old one.

        Raises:
            UnusableError: it is the old one, changes lines that are not editable, or is no longer
                Python where it was.
        """
        text = text.removeprefix(_BOM)
        if _bare(text) == _bare(self.text):
            raise UnusableError(NO_CHANGE)
        if not outside_unchanged(self.text, text):
            raise UnusableError("lines outside of the EVOLVE-BLOCK markers may not change")
        if not keeps_tests(self.path, self.text, text):
            raise UnusableError("tests and examples inside the file must stay as they are, alone")
        if self.path.endswith(".py"):
            check_python(text)
        mark = _BOM if self.bom else ""
        return (mark + (text.replace("\n", "\r\n") if self.crlf else text)).encode()


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def editable_paths(genome: Genome, search: Search) -> list[str]:
    """The paths that ``search`` lets offspring change, in the tree's order."""
    return [path for path in genome.paths if _may_change(path, search)]


def _may_change(path: str, search: Search) -> bool:
    return matches(path, search.editable) and not matches(path, search.protected)


def check_new(path: str, genome: Genome, search: Search) -> str:
    """``path`` if a new file may have it.

    Raises:
        UnusableError: it is no proper path, exists, is protected, or is not editable.
    """
    try:
        check_path(path)
    except UserError as error:
        raise UnusableError(error.message) from error
    if path in genome.paths:
        raise UnusableError(f"{path!r} exists already; change it with SEARCH and REPLACE")
    if not _may_change(path, search):
        raise UnusableError(f"{path!r} is not one of the files that may change")
    return path


def read_source(genome: Genome, path: str, strike: Callable[[str], str]) -> Source | None:
    """A file as an operator works on it.

    ``None`` if it does not exist, is no UTF-8 text, is larger than 256 KiB, holds characters that no
    prompt may hold, has no editable line, or holds what ``strike`` (the redactor) takes out: a model
    that never saw such a text can not repeat it.
    """
    try:
        data = genome.read(path)
        raw = data.decode("utf-8") if len(data) <= MOST_BYTES else "\0"
    except (KeyError, UnicodeDecodeError):
        return None
    bom = raw.startswith(_BOM)
    raw = raw.removeprefix(_BOM)
    text = raw.replace("\r\n", "\n")
    crlf = text != raw
    if "\r" in text or clean(text, MOST_BYTES) != text or strike(text) != text:
        return None
    if crlf and raw.count("\r\n") != raw.count("\n"):
        return None
    ranges = _ranges(path, text)
    framed = editable_ranges(text) is not None
    return Source(path, text, ranges, framed, crlf, bom) if ranges else None


def _ranges(path: str, text: str) -> tuple[Range, ...]:
    found = editable_ranges(text)
    last = text.count("\n") + (not text.endswith("\n"))
    allowed = [(1, last)] if found is None else found
    tests = inline_tests(path, text)
    if tests is None:
        return ()
    lines = text.split("\n")
    for start, end in tests.spans:
        taken = (text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1)
        allowed = [part for window in allowed for part in _without(window, taken, lines)]
    return tuple(allowed)


def _without(window: Range, taken: Range, lines: list[str]) -> list[Range]:
    """What of a window lies before and after lines that are taken, without blank ones at its ends."""
    (first, last), (start, end) = window, taken
    if end < first or last < start:
        return [window]
    parts = (range(first, start), range(end + 1, last + 1))
    filled = ([n for n in part if lines[n - 1].strip()] for part in parts)
    return [(part[0], part[-1]) for part in filled if part]
