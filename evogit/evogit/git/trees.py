"""Trees from outside are data: bounded before they are walked, validated before they are used.

A 52 KiB push can hold 10^8 files in nine objects, and a tree 5,000 levels deep crashes git
(measured; see docs/architecture.md, dangers), so every walk here carries a budget.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pygit2
from pygit2.enums import FileMode

from evogit.errors import UserError
from evogit.ids import BlobId, TreeId

MAX_ENTRIES: Final = 20_000
MAX_DEPTH: Final = 100
MAX_BLOB_BYTES: Final = 16 * 2**20
MAX_PATH_BYTES: Final = 2048
"""Half of what Linux takes, since a workspace's own path comes before it."""
MAX_NAME_BYTES: Final = 255
"""Linux's NAME_MAX; a longer name can be committed but not written to a disk."""

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
            back-slashes, longer than 2,048 bytes, or a part of more than 255.
    """
    data = path.encode("utf-8", "surrogateescape")
    if len(data) > MAX_PATH_BYTES or _FORBIDDEN.search(path):
        raise UserError(f"path {path[:80]!r} has forbidden characters or is too long")
    if max(map(len, data.split(b"/"))) > MAX_NAME_BYTES:
        raise UserError(f"path {path[:80]!r} has a name of over {MAX_NAME_BYTES} bytes")
    for part in path.split("/"):
        plain = _HFS_IGNORED.sub("", part).lower().rstrip(". ")
        if part in {"", ".", ".."} or plain in {".git", "git~1"} or plain.startswith(".git:"):
            raise UserError(f"path {path[:80]!r} is not allowed in an individual")
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
    for item in _read_tree(repository, tree):
        budget[0] -= 1
        if budget[0] < 0:
            raise _too_many()
        path = prefix + str(item.name)
        if item.filemode == FileMode.TREE:
            yield from _walk(repository, str(item.id), path + "/", depth + 1, budget)
        else:
            yield path, Entry(int(item.filemode), BlobId(str(item.id)))


def find(repository: pygit2.Repository, tree: TreeId, path: str) -> Entry | None:
    """What ``tree`` holds at ``path``; ``None`` for nothing or a folder. Opens the folders on the way.

    Raises:
        UserError: ``tree`` is not a tree.
    """
    if "\0" in path:
        return None
    *folders, name = path.split("/")
    current = _read_tree(repository, tree)
    for folder in folders:
        if folder not in current or not isinstance(below := current[folder], pygit2.Tree):
            return None
        current = below
    if name not in current or isinstance(found := current[name], pygit2.Tree):
        return None
    return Entry(int(found.filemode), BlobId(str(found.id)))


def _read_tree(repository: pygit2.Repository, tree: str) -> pygit2.Tree:
    found: object = repository[tree]
    if not isinstance(found, pygit2.Tree):
        raise UserError(f"{tree} is not a tree")
    return found


def _too_many() -> UserError:
    return UserError(
        "tree has too many entries", hint=f"the limit is {MAX_ENTRIES} files and folders"
    )


def changed(
    repository: pygit2.Repository, old: TreeId, new: TreeId, *, most: int = MAX_ENTRIES
) -> dict[str, Entry | None]:
    """Files of ``new`` that differ from ``old``, by path; ``None`` where ``new`` has none.

    Opens only folders that differ, so an offspring costs what it changed, not what it holds.

    Raises:
        UserError: more than ``most`` entries in the folders opened, or more than 100 levels.
    """
    found: dict[str, Entry | None] = {}
    budget = [most]
    _compare(repository, (old, new), "", 0, budget, found)
    return found


def _compare(
    repository: pygit2.Repository,
    pair: tuple[str | None, str | None],
    prefix: str,
    depth: int,
    budget: list[int],
    found: dict[str, Entry | None],
) -> None:
    if depth > MAX_DEPTH:
        raise UserError(f"tree is more than {MAX_DEPTH} folders deep")
    before, after = (_entries(repository, tree, budget) for tree in pair)
    _check_twins(prefix, before, after)
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        path = prefix + name
        folders = tuple(e.blob if e and e.mode == FileMode.TREE else None for e in (old, new))
        if folders != (None, None):
            _compare(repository, (folders[0], folders[1]), path + "/", depth + 1, budget, found)
        if new is not None and folders[1] is None:
            found[path] = new
        elif old is not None and folders[0] is None:
            found[path] = None


def _entries(
    repository: pygit2.Repository, tree: str | None, budget: list[int]
) -> dict[str, Entry]:
    if tree is None:
        return {}
    items = _read_tree(repository, tree)
    budget[0] -= len(items)
    if budget[0] < 0:
        raise _too_many()
    return {str(i.name): Entry(int(i.filemode), BlobId(str(i.id))) for i in items}


def _check_twins(prefix: str, before: Mapping[str, Entry], after: Mapping[str, Entry]) -> None:
    added = [name for name in after if name not in before]
    if not added:
        return
    folded = {name.casefold(): name for name in after if name not in added}
    for name in added:
        twin = folded.setdefault(name.casefold(), name)
        if twin != name:
            raise UserError(f"paths {prefix + twin!r} and {prefix + name!r} differ only in case")


def check_offspring(repository: pygit2.Repository, base: TreeId, tree: TreeId) -> None:
    """Refuse what an offspring may not add to its base.

    Raises:
        UserError: a forbidden path, a symlink or submodule that the base does not have exactly so,
            two paths that differ only in case, a blob over 16 MiB, or a bound of ``changed``.
    """
    for path, entry in changed(repository, base, tree).items():
        if entry is None:
            continue
        check_path(path)
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
