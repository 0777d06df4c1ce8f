"""Trees from outside are data: bounded before they are walked, validated before they are used.

A 52 KiB push can hold 10^8 files in nine objects, and a tree 5,000 levels deep crashes git
(measured; see docs/architecture.md, dangers), so every walk here carries a budget.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pygit2
from pygit2.enums import FileMode

from evogit.errors import UserError
from evogit.ids import BlobId, TreeId
from evogit.text import clean_line

MAX_ENTRIES: Final = 20_000
MAX_DEPTH: Final = 100
MAX_BLOB_BYTES: Final = 16 * 2**20
MAX_PATH_BYTES: Final = 4096

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
SYMLINK: Final = 0o120000
SUBMODULE: Final = 0o160000

_HFS_IGNORED: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\\\\\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree: its mode (0o100644, 0o100755, symlink or submodule) and blob."""

    mode: int
    blob: BlobId


@dataclass(frozen=True, slots=True)
class Change:
    """New content of one file of an offspring."""

    blob: BlobId
    executable: bool | None = None
    """``None`` keeps an existing file's mode; a new file becomes 0644."""


def check_path(path: str) -> str:
    """``path`` if an offspring may contain it.

    Raises:
        UserError: absolute, ``..``, empty parts, ``.git`` in any spelling, control characters,
            back-slashes, or longer than 4,096 bytes.
    """
    if len(path.encode("utf-8", "surrogateescape")) > MAX_PATH_BYTES or _FORBIDDEN.search(path):
        raise UserError(f"path {clean_line(path, 80)!r} has forbidden characters or is too long")
    for part in path.split("/"):
        plain = _HFS_IGNORED.sub("", part).lower().rstrip(". ")
        if part in {"", ".", ".."} or plain in {".git", "git~1"} or plain.startswith(".git:"):
            raise UserError(f"path {clean_line(path, 80)!r} is not allowed in an individual")
    return path


def walk(
    repository: pygit2.Repository, tree: TreeId, *, most: int = MAX_ENTRIES
) -> Iterator[tuple[str, Entry]]:
    """Every file below ``tree`` as (path, entry), in git's order, submodules and links included.

    Raises:
        UserError: more than ``most`` entries, or more than 100 levels deep.
    """
    budget = [most]
    yield from _walk(repository, tree, "", 0, budget)


def _walk(
    repository: pygit2.Repository, tree: str, prefix: str, depth: int, budget: list[int]
) -> Iterator[tuple[str, Entry]]:
    if depth > MAX_DEPTH:
        raise UserError(f"tree {tree} is more than {MAX_DEPTH} folders deep")
    found = repository[tree]
    if not isinstance(found, pygit2.Tree):
        raise UserError(f"{tree} is not a tree")
    for item in found:
        budget[0] -= 1
        if budget[0] < 0:
            raise UserError(
                "tree has too many entries", hint=f"the limit is {MAX_ENTRIES} files and folders"
            )
        path = prefix + str(item.name)
        if item.filemode == FileMode.TREE:
            yield from _walk(repository, str(item.id), path + "/", depth + 1, budget)
        else:
            yield path, Entry(int(item.filemode), BlobId(str(item.id)))


def check_new_entries(
    repository: pygit2.Repository, tree: TreeId, known: Mapping[str, Entry]
) -> None:
    """Refuse anything in ``tree`` that an offspring may not add to the ``known`` files of its base.

    Raises:
        UserError: a forbidden path, a symlink or submodule that the base does not have exactly so,
            two paths that differ only in case, a blob over 16 MiB, or a bound of ``walk``.
    """
    folded: dict[str, str] = {}
    for path, entry in walk(repository, tree):
        twin = folded.setdefault(path.casefold(), path)
        if known.get(path) == entry:
            continue
        check_path(path)
        if twin != path:
            raise UserError(f"paths {twin!r} and {path!r} differ only in case")
        if not stat.S_ISREG(entry.mode):
            kind = "submodule" if entry.mode == SUBMODULE else "symbolic link"
            raise UserError(f"offspring may not add the {kind} {path!r}")
        if blob_size(repository, entry.blob) > MAX_BLOB_BYTES:
            raise UserError(f"file {path!r} is larger than {MAX_BLOB_BYTES // 2**20} MiB")


def blob_size(repository: pygit2.Repository, blob: BlobId) -> int:
    """Size of a blob in bytes, for a loose one without reading its content into Python."""
    found = repository[blob]
    if not isinstance(found, pygit2.Blob):
        raise UserError(f"{blob} is not a blob")
    return found.size


def apply_changes(
    repository: pygit2.Repository, tree: TreeId, changes: Mapping[str, Change | None]
) -> TreeId:
    """``tree`` with files replaced, added or (``None``) removed; opens only the folders on the way.

    Empty folders vanish, as in git. Deleting a file that is not there is no error.

    Raises:
        UserError: a forbidden path, or a file where a folder is needed or the other way round.
    """
    for path in changes:
        check_path(path)
    return TreeId(
        _apply(repository, tree, [(path.split("/"), change) for path, change in changes.items()])
        or _empty(repository)
    )


def _empty(repository: pygit2.Repository) -> str:
    return str(repository.TreeBuilder().write())


_Edits = list[tuple[list[str], Change | None]]


def _apply(repository: pygit2.Repository, tree: str | None, edits: _Edits) -> str | None:
    base = repository[tree] if tree else None
    if base is not None and not isinstance(base, pygit2.Tree):
        raise UserError(f"{tree} is not a tree")
    builder = repository.TreeBuilder(base) if base is not None else repository.TreeBuilder()
    below: dict[str, _Edits] = {}
    for parts, change in edits:
        if len(parts) > 1:
            below.setdefault(parts[0], []).append((parts[1:], change))
        else:
            _put(builder, parts[0], change)
    for name, inner in below.items():
        old = _existing(builder, name)
        if old is not None and old.filemode != FileMode.TREE:
            raise UserError(f"{name!r} is a file, so nothing can be put below it")
        _put_tree(
            builder, name, _apply(repository, str(old.id) if old is not None else None, inner)
        )
    return str(builder.write()) if len(builder) else None


def _existing(builder: pygit2.TreeBuilder, name: str) -> pygit2.Object | None:
    return builder.get(name)  # its stub forgets that a missing name gives None


def _put(builder: pygit2.TreeBuilder, name: str, change: Change | None) -> None:
    old = _existing(builder, name)
    if old is not None and old.filemode == FileMode.TREE:
        raise UserError(f"{name!r} is a folder, so it can not become a file")
    if change is None:
        if old is not None:
            builder.remove(name)
        return
    mode = (
        FileMode(old.filemode)
        if old is not None and stat.S_ISREG(int(old.filemode))
        else FileMode.BLOB
    )
    if change.executable is not None:
        mode = FileMode.BLOB_EXECUTABLE if change.executable else FileMode.BLOB
    builder.insert(name, pygit2.Oid(hex=change.blob), mode)


def _put_tree(builder: pygit2.TreeBuilder, name: str, tree: str | None) -> None:
    if tree is not None:
        builder.insert(name, pygit2.Oid(hex=tree), FileMode.TREE)
    elif _existing(builder, name) is not None:
        builder.remove(name)


def build(repository: pygit2.Repository, entries: Iterable[tuple[str, Entry]]) -> TreeId:
    """A tree holding exactly ``entries``; paths are checked.

    Raises:
        UserError: a forbidden path, or a path that is both file and folder.
    """
    changes: dict[str, Change | None] = {}
    for path, entry in entries:
        changes[path] = Change(entry.blob, executable=entry.mode == EXECUTABLE)
    return apply_changes(repository, TreeId(_empty(repository)), changes)
