"""Three-way merge of one text, line by line, and the hunks where the two sides disagree.

The line matching is xdiff's (through libgit2), and changes are combined as git's ``xdl_merge``
does: changes that touch or overlap are one conflict unless both sides made the very same one.
Nothing in a tree, such as ``.gitattributes`` with ``merge=union``, has a say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pygit2
from pygit2.enums import DiffOption

_BINARY_LOOK: Final = 8000
"""Git calls a file binary when there is a NUL in this many first bytes."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place where the sides disagree.

    ``whole`` marks a conflict that is not about lines: a file deleted here and changed there,
    binary content, links, or a file against a folder; the texts are empty then.
    """

    path: str
    number: int
    base: bytes = b""
    ours: bytes = b""
    theirs: bytes = b""
    whole: bool = False


Piece = bytes | Hunk
"""Agreed text, or a hunk to choose for."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines ``start`` to ``end`` of the base become ``lines``."""

    start: int
    end: int
    lines: tuple[bytes, ...]


def is_binary(data: bytes) -> bool:
    """Whether git would call this content binary."""
    return b"\0" in data[:_BINARY_LOOK]


def merge_text(path: str, base: bytes, ours: bytes, theirs: bytes) -> tuple[Piece, ...]:
    """The merged text as pieces; it is clean if none of them is a ``Hunk``."""
    lines = _lines(base)
    pieces: list[Piece] = []
    at = number = 0
    for start, end, left, right in _regions(_edits(base, ours), _edits(base, theirs)):
        pieces.append(b"".join(lines[at:start]))
        mine = _apply(lines, start, end, left)
        other = _apply(lines, start, end, right)
        if not right or mine == other:
            pieces.append(mine)
        elif not left:
            pieces.append(other)
        else:
            pieces.append(Hunk(path, number, b"".join(lines[start:end]), mine, other))
            number += 1
        at = end
    pieces.append(b"".join(lines[at:]))
    return tuple(piece for piece in pieces if piece != b"")


def _lines(data: bytes) -> list[bytes]:
    # Git ends lines at LF only; ``splitlines`` would also end them at CR, VT and others.
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _edits(old: bytes, new: bytes) -> list[_Edit]:
    patch = pygit2.Patch.create_from(
        old, new, flag=DiffOption.FORCE_TEXT, context_lines=0, interhunk_lines=0
    )
    lines = _lines(new)
    edits: list[_Edit] = []
    for hunk in patch.hunks:
        # An empty range names the line before it.
        start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        first = hunk.new_start - 1 if hunk.new_lines else hunk.new_start
        taken = tuple(lines[first : first + hunk.new_lines])
        edits.append(_Edit(start, start + hunk.old_lines, taken))
    return edits


_Region = tuple[int, int, list[_Edit], list[_Edit]]


def _regions(ours: list[_Edit], theirs: list[_Edit]) -> list[_Region]:
    """Edits of both sides grouped where they touch, with the range of the base they cover."""
    regions: list[_Region] = []
    both = sorted(
        [(edit.start, edit.end, 0, edit) for edit in ours]
        + [(edit.start, edit.end, 1, edit) for edit in theirs],
        key=lambda item: item[:3],
    )
    for start, end, side, edit in both:
        # Two edits of one side never touch, so a group that grows has both sides in it.
        if regions and start <= regions[-1][1]:
            first, last, left, right = regions.pop()
            regions.append((first, max(last, end), left, right))
        else:
            regions.append((start, end, [], []))
        (regions[-1][3] if side else regions[-1][2]).append(edit)
    return regions


def _apply(lines: list[bytes], start: int, end: int, edits: list[_Edit]) -> bytes:
    out: list[bytes] = []
    at = start
    for edit in edits:
        out += lines[at : edit.start]
        out += edit.lines
        at = edit.end
    out += lines[at:end]
    return b"".join(out)
