"""Reads what differs between two genomes: the files, then each file's lines when they are wanted.

Everything here runs in background threads and is bounded: a file's size before it is compared, lines
before they are kept, files before they are counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import pygit2
from pygit2.enums import DeltaStatus, DiffOption
from rich.cells import cell_len

from evogit.errors import GitError, NotFoundError
from evogit.git.repository import GitRepository
from evogit.git.trees import SUBMODULE, SYMLINK
from evogit.ids import TreeId
from evogit.text import clean_line
from evogit_tui.widgets.diff_syntax import Span, highlight
from evogit_tui.widgets.diff_words import Stretch, changed_words, partners
from evogit_tui.widgets.visible import MAX_LINE, visible

MAX_FILES: Final = 2_000
MAX_COUNTED: Final = 300
"""Files whose changed lines are counted before anybody looks at them."""
MAX_LINES: Final = 2_000
"""Lines of one file, and of all files together, that are read at once."""
MAX_BYTES: Final = 2**20
"""A larger file is named, not compared: libgit2 holds the interpreter while it compares."""

Kind = Literal["file", "hunk", "same", "added", "removed", "note", "more"]

_STATUS: Final = {
    DeltaStatus.ADDED: "A",
    DeltaStatus.DELETED: "D",
    DeltaStatus.MODIFIED: "M",
    DeltaStatus.RENAMED: "R",
    DeltaStatus.COPIED: "C",
    DeltaStatus.TYPECHANGE: "T",
}
_WORDS: Final = {"A": "new file", "D": "deleted", "T": "another kind of file"}
_KINDS: Final[dict[str, Kind]] = {" ": "same", "+": "added", "-": "removed"}
_ENDS: Final = {
    "=": "no line feed at the end of either file",
    ">": "the old file had no line feed at its end",
    "<": "no line feed at the end of the new file",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One changed file. Counts are ``None`` until its lines were compared.

    ``remarks`` says in words what lines can not show: renamed, new mode, binary, too large.
    """

    path: str
    old_path: str
    status: str
    old: str
    new: str
    """Blob ids; empty where there is none."""
    remarks: tuple[str, ...] = ()
    added: int | None = None
    removed: int | None = None
    comparable: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a comparison. Line numbers count from 1; 0 for none."""

    kind: Kind
    text: str
    old: int = 0
    new: int = 0
    spans: tuple[Span, ...] = ()
    changed: tuple[Stretch, ...] = ()
    hunk: int = -1
    """Number of its hunk in the file, from 0."""


@dataclass(frozen=True, slots=True)
class Block:
    """One file with its lines; ``rows`` is ``None`` while they were not read."""

    change: Change
    rows: tuple[Row, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How to compare."""

    context: int = 3
    ignore_space: bool = False

    @property
    def flags(self) -> DiffOption:
        """For libgit2."""
        return DiffOption.IGNORE_WHITESPACE if self.ignore_space else DiffOption.NORMAL


def list_changes(git: GitRepository, old: TreeId, new: TreeId) -> tuple[list[Change], int]:
    """The changed files, renames found, at most 2,000; and how many there are in all.

    Raises:
        NotFoundError: a tree is not there.
        GitError: libgit2 can not compare them.
    """
    try:
        difference = _tree(git, old).diff_to_tree(
            _tree(git, new), flags=DiffOption.INCLUDE_TYPECHANGE
        )
        difference.find_similar()
        changes: list[Change] = []
        total = 0
        for delta in difference.deltas:
            if delta.status in _STATUS:
                total += 1
                if len(changes) < MAX_FILES:
                    changes.append(_change(git, delta))
    except (pygit2.GitError, ValueError) as error:
        raise GitError(f"{old[:12]} and {new[:12]} can not be compared: {error}") from error
    return changes, total


def _tree(git: GitRepository, tree: TreeId) -> pygit2.Tree:
    found = git.handle.get(tree)
    if not isinstance(found, pygit2.Tree):
        raise NotFoundError(f"tree {tree} is not in {git.path}")
    return found


def _change(git: GitRepository, delta: pygit2.DiffDelta) -> Change:
    status = _STATUS[DeltaStatus(delta.status)]
    old, new = delta.old_file, delta.new_file
    ids = ["" if side == letter else str(file.id) for file, side, letter in _sides(delta, status)]
    change = Change(
        path=clean_line(new.path, 4096),
        old_path=clean_line(old.path, 4096),
        status=status,
        old=ids[0],
        new=ids[1],
    )
    remarks = [_WORDS[status]] if status in _WORDS else []
    if status in {"R", "C"}:
        verb = "renamed" if status == "R" else "copied"
        remarks.append(f"{verb} from {change.old_path} ({delta.similarity} % alike)")
    if status not in {"A", "D"} and old.mode != new.mode:
        remarks.append(f"mode {int(old.mode):o} to {int(new.mode):o}")
    modes = {int(file.mode) for file, side, letter in _sides(delta, status) if side != letter}
    return _limited(git, replace(change, remarks=tuple(remarks)), modes)


def _sides(
    delta: pygit2.DiffDelta, status: str
) -> tuple[tuple[pygit2.DiffFile, str, str], tuple[pygit2.DiffFile, str, str]]:
    """Each side with the status that leaves it empty."""
    return (delta.old_file, status, "A"), (delta.new_file, status, "D")


def _limited(git: GitRepository, change: Change, modes: set[int]) -> Change:
    """What must not be compared says why instead."""
    reasons: list[str] = []
    if SUBMODULE in modes:
        reasons.append("submodule")
    else:
        if SYMLINK in modes:
            reasons.append("symbolic link")
        sizes = [_size(git, blob) for blob in (change.old, change.new) if blob]
        if any(size > MAX_BYTES for size in sizes):
            shown = " to ".join(f"{size:,}" for size in sizes)
            reasons.append(f"too large to compare here: {shown} bytes")
    stops = [reason for reason in reasons if reason != "symbolic link"]
    return replace(change, remarks=(*change.remarks, *reasons), comparable=not stops)


def _size(git: GitRepository, name: str) -> int:
    blob = _blob(git, name)
    return 0 if blob is None else blob.size


def _blob(git: GitRepository, name: str) -> pygit2.Blob | None:
    found = git.handle.get(name) if name else None
    return found if isinstance(found, pygit2.Blob) else None


class _Compared:
    """A file's two versions compared. libgit2's lines point into the blobs: both must live on."""

    def __init__(self, git: GitRepository, change: Change, how: Reading) -> None:
        self._blobs = _blob(git, change.old), _blob(git, change.new)
        try:
            self.patch = pygit2.Patch.create_from(
                *self._blobs, flag=how.flags, context_lines=how.context
            )
        except (pygit2.GitError, ValueError, TypeError) as error:
            raise GitError(f"{change.path} can not be compared: {error}") from error

    def count(self, change: Change) -> Change:
        """The change with its counts, or the remark that it is binary."""
        if self.patch.delta.is_binary:
            return replace(change, remarks=(*change.remarks, "binary"), comparable=False)
        _, added, removed = self.patch.line_stats
        return replace(change, added=added, removed=removed)


def counted(git: GitRepository, change: Change, how: Reading) -> Change:
    """The change with its counts of added and removed lines.

    Raises:
        GitError: libgit2 can not compare the file.
    """
    if not change.comparable or change.added is not None:
        return change
    return _Compared(git, change, how).count(change)


def read_block(git: GitRepository, change: Change, how: Reading, most: int = MAX_LINES) -> Block:
    """One file with at most ``most`` of its lines; a last row says how many more there are.

    Raises:
        GitError: libgit2 can not compare the file.
    """
    if not change.comparable:
        return Block(change, (_heading(change),))
    compared = _Compared(git, change, how)
    change = compared.count(change)
    rows = [_heading(change)]
    if change.comparable:
        rows += _rows(git, change, compared, most)
        if len(rows) == 1 and not change.remarks:
            rows.append(Row("note", "only white space differs"))
    return Block(change, tuple(rows))


def _heading(change: Change) -> Row:
    return Row("file", change.path)


def _rows(git: GitRepository, change: Change, compared: _Compared, most: int) -> list[Row]:
    colours = _Colours(git, change)
    rows: list[Row] = []
    hunks = compared.patch.hunks
    left = sum(len(hunk.lines) for hunk in hunks)
    for number, hunk in enumerate(hunks):
        if most <= 0:
            break
        rows.append(Row("hunk", _hunk_title(hunk), hunk.old_start, hunk.new_start, hunk=number))
        lines = hunk.lines[:most]
        most -= len(lines)
        left -= len(lines)
        rows += _with_words([_row(line, colours, number) for line in lines])
    if left > 0:
        rows.append(Row("more", f"{left:,} more lines"))
    return rows


def _hunk_title(hunk: pygit2.DiffHunk) -> str:
    title = visible(hunk.header.rstrip("\n")[:200])
    return clean_line(title, 200)


def _row(line: pygit2.DiffLine, colours: _Colours, hunk: int) -> Row:
    kind = _KINDS.get(line.origin)
    if kind is None:
        return Row("note", _ENDS.get(line.origin, "?"), hunk=hunk)
    raw = line.raw_content.decode("utf-8", "replace").removesuffix("\n")
    old, new = max(line.old_lineno, 0), max(line.new_lineno, 0)
    text, spans = _shown(raw, colours.of(old, new))
    return Row(kind, text, old, new, spans, hunk=hunk)


def _shown(raw: str, spans: list[Span]) -> tuple[str, tuple[Span, ...]]:
    """A line as it is shown, with its spans moved to where their characters are now."""
    cut = len(raw) - MAX_LINE
    raw = raw[:MAX_LINE]
    after = f" ... {cut:,} more characters" if cut > 0 else ""
    if raw.isascii() and raw.isprintable():
        return raw + after, tuple(spans)
    parts: list[str] = []
    moved: list[Span] = []
    done = column = cells = 0
    for start, end, role in spans:
        gap = visible(raw[done:start], cells)
        cells += cell_len(gap)
        piece = visible(raw[start:end], cells)
        cells += cell_len(piece)
        column += len(gap)
        moved.append((column, column + len(piece), role))
        column += len(piece)
        parts += (gap, piece)
        done = end
    parts.append(visible(raw[done:], cells))
    return "".join(parts) + after, tuple(moved)


class _Colours:
    """The spans of both versions of a file, found when the first line asks."""

    def __init__(self, git: GitRepository, change: Change) -> None:
        self._git = git
        self._change = change
        self._known: dict[bool, list[list[Span]]] = {}

    def of(self, old: int, new: int) -> list[Span]:
        """Of a line by its number in the old and new file, of which one may be 0."""
        from_new = new > 0
        if from_new not in self._known:
            self._known[from_new] = self._read(from_new)
        lines = self._known[from_new]
        number = (new if from_new else old) - 1
        return lines[number] if 0 <= number < len(lines) else []

    def _read(self, from_new: bool) -> list[list[Span]]:
        change = self._change
        found = _blob(self._git, change.new if from_new else change.old)
        if found is None:
            return []
        text = found.data.decode("utf-8", "replace")
        return highlight(change.path if from_new else change.old_path, text)


def _with_words(rows: list[Row]) -> list[Row]:
    """The rows of a hunk; in lines that replace each other, changed words are marked."""
    found = list(rows)
    at = 0
    while at < len(rows):
        removed = _run(rows, at, "removed")
        added = _run(rows, removed, "added")
        texts = [row.text for row in rows[at:added]]
        for gone_row, came_row in partners(texts[: removed - at], texts[removed - at :]):
            old, new = at + gone_row, removed + came_row
            gone, came = changed_words(rows[old].text, rows[new].text)
            found[old] = replace(rows[old], changed=gone)
            found[new] = replace(rows[new], changed=came)
        at = max(added, at + 1)
    return found


def _run(rows: list[Row], at: int, kind: Kind) -> int:
    while at < len(rows) and rows[at].kind == kind:
        at += 1
    return at
