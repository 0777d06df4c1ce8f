"""A change between two genomes as pieces that can be taken or left one by one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.git.repository import GitRepository
from evogit.git.trees import Change, Entry, changed
from evogit.ids import TreeId

EXECUTABLE: Final = 0o100755
_MAX_LINES: Final = 20_000
"""A file with more lines is one piece: comparing takes quadratic time at worst."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines ``start`` to ``end`` (from 0, end excluded) of the old file become ``lines``.

    With ``whole`` it is the file itself that comes, goes, or changes its mode or kind.
    """

    path: str
    start: int = 0
    end: int = 0
    lines: tuple[bytes, ...] = ()
    order: int = 0
    """Among pieces that add lines at the same place."""
    whole: bool = False

    @property
    def size(self) -> int:
        """How many lines it takes away and adds."""
        return self.end - self.start + len(self.lines)


class Pieces:
    """What changes from one genome to another.

    Args:
        git: holds both.
        old: the genome without the change.
        new: the genome with it.

    Raises:
        UserError: the genomes are too large to compare.
    """

    def __init__(self, git: GitRepository, old: TreeId, new: TreeId) -> None:
        self._git = git
        self._old = old
        self._after = changed(git.handle, old, new)
        before = changed(git.handle, new, old)
        self._texts: dict[str, list[bytes]] = {}
        self.all: tuple[Piece, ...] = tuple(
            piece for path in sorted(self._after) for piece in self._of(path, before[path])
        )

    def _of(self, path: str, before: Entry | None) -> Iterator[Piece]:
        after = self._after[path]
        if before is None or after is None or before.mode != after.mode:
            yield Piece(path, whole=True)
            return
        old, new = (self._git.read_blob(entry.blob) for entry in (before, after))
        lines, wanted = old.splitlines(keepends=True), new.splitlines(keepends=True)
        if b"\0" in old + new or max(len(lines), len(wanted)) > _MAX_LINES:
            yield Piece(path, whole=True)
            return
        self._texts[path] = lines
        matcher = difflib.SequenceMatcher(None, lines, wanted, autojunk=False)
        for tag, start, end, first, last in matcher.get_opcodes():
            if tag != "equal":
                yield Piece(path, start, end, tuple(wanted[first:last]))

    def tree(self, kept: Collection[Piece]) -> TreeId:
        """The old genome with only these pieces of the change."""
        by_path: dict[str, list[Piece]] = {}
        for piece in kept:
            by_path.setdefault(piece.path, []).append(piece)
        changes = {path: self._change(path, pieces) for path, pieces in by_path.items()}
        return self._git.change_tree(self._old, changes)

    def _change(self, path: str, pieces: Sequence[Piece]) -> Change | None:
        after = self._after[path]
        if after is None:
            return None
        if any(piece.whole for piece in pieces):
            return Change(after.blob, after.mode == EXECUTABLE)
        lines = list(self._texts[path])
        for piece in sorted(pieces, key=lambda piece: (-piece.start, -piece.order)):
            lines[piece.start : piece.end] = piece.lines
        return Change(self._git.write_blob(b"".join(lines)))


def into_lines(pieces: Sequence[Piece]) -> list[Piece]:
    """The same change line by line: every line taken away, then every line put in its place."""
    return [small for piece in pieces for small in _lines(piece)]


def _lines(piece: Piece) -> Iterator[Piece]:
    if piece.whole:
        yield piece
        return
    for place in range(piece.start, piece.end):
        yield Piece(piece.path, place, place + 1)
    for order, line in enumerate(piece.lines):
        yield Piece(piece.path, piece.end, piece.end, (line,), order)


def by_path(pieces: Sequence[Piece]) -> Mapping[str, int]:
    """How many lines change in which file."""
    found: dict[str, int] = {}
    for piece in pieces:
        found[piece.path] = found.get(piece.path, 0) + piece.size
    return found
