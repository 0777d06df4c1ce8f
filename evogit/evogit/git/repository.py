"""Objects of one bare repository through libgit2, and the point at which they are durable."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import pygit2
from pygit2.enums import ConfigLevel, Option, RepositoryOpenFlag

from evogit.errors import NotFoundError, PreconditionError, UserError
from evogit.git import objects, refs, trees
from evogit.git.build import build
from evogit.git.trees import Change, Entry
from evogit.ids import BlobId, CommitId, TreeId, is_object_id
from evogit.text import clean

MAX_MESSAGE: Final = 64 * 1024
_TRIES: Final = 10
_FOLDER_LOST: Final = "failed to rename lockfile"
_T = TypeVar("_T")
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_MAX_TIME: Final = 2**40
"""Beyond this (about year 36,800) a commit date is nonsense that makes ``datetime`` raise."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as read from git; ``message`` is clean text, ``time`` seconds since 1970."""

    id: CommitId
    tree: TreeId
    parents: tuple[CommitId, ...]
    author: str
    time: int
    message: str


def isolate_libgit2() -> None:
    """Make libgit2 in this process ignore system and user configuration. Idempotent."""
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA):
        pygit2.option(Option.SET_SEARCH_PATH, level, "")


class GitRepository:
    """One repository. Thread-safe: every thread gets its own libgit2 handle.

    Args:
        path: the git directory itself; it is never searched for.

    Raises:
        NotFoundError: there is no repository at ``path``.
        PreconditionError: libgit2 refuses it: a foreign owner, or a format it can not read.
    """

    def __init__(self, path: Path) -> None:
        isolate_libgit2()
        self.path = path
        self._local = threading.local()
        self._folder = path / "objects"
        self._descriptor: int | None = None
        _ = self.handle

    @property
    def handle(self) -> pygit2.Repository:
        """This thread's libgit2 repository."""
        found: pygit2.Repository | None = getattr(self._local, "handle", None)
        if found is None:
            found = _open(self.path)
            self._local.handle = found
        return found

    def read_blob(self, blob: BlobId, limit: int = trees.MAX_BLOB_BYTES) -> bytes:
        """The content of a blob.

        Raises:
            NotFoundError: there is no such blob.
            UserError: it is larger than ``limit`` bytes.
        """
        found = self._object(blob)
        if not isinstance(found, pygit2.Blob):
            raise NotFoundError(f"{blob} is not a blob")
        if found.size > limit:
            raise UserError(f"blob {blob} has {found.size} bytes, more than {limit}")
        return found.data

    def write_blob(self, data: bytes) -> BlobId:
        """Store a blob; durable after the next ``sync``."""
        return BlobId(objects.write(self._folder, "blob", data))

    def files(self, tree: TreeId) -> dict[str, Entry]:
        """Every file of a tree by path, bounded as ``trees.walk`` says."""
        return dict(trees.walk(self.handle, tree))

    def entry(self, tree: TreeId, path: str) -> Entry | None:
        """See ``trees.find``."""
        return trees.find(self.handle, tree, path)

    def subtree(self, tree: TreeId, name: str) -> TreeId:
        """The folder ``name`` (one path component) of a tree.

        Raises:
            NotFoundError: there is no such folder.
        """
        found = self._object(tree)
        if isinstance(found, pygit2.Tree) and name in found:
            inner = found[name]
            if isinstance(inner, pygit2.Tree):
                return TreeId(str(inner.id))
        raise NotFoundError(f"tree {tree} has no folder {name!r}")

    def change_tree(self, tree: TreeId, changes: Mapping[str, Change | None]) -> TreeId:
        """See ``trees.apply_changes``."""
        return self.storing(lambda: trees.apply_changes(self.handle, tree, changes))

    def build_tree(self, entries: Iterable[tuple[str, Entry]]) -> TreeId:
        """See ``build``."""
        return build(self._folder, entries)

    def commit(self, commit: CommitId) -> Commit:
        """Read a commit; its message is cleaned and bounded.

        Raises:
            NotFoundError: there is no such commit.
        """
        found = self._object(commit)
        if not isinstance(found, pygit2.Commit):
            raise NotFoundError(f"{commit} is not a commit")
        return Commit(
            id=commit,
            tree=TreeId(str(found.tree_id)),
            parents=tuple(CommitId(str(parent)) for parent in found.parent_ids),
            author=clean(found.author.name, 100),
            time=min(max(found.commit_time, 0), _MAX_TIME),
            message=clean(found.message, MAX_MESSAGE),
        )

    def write_commit(
        self, tree: TreeId, parents: Sequence[CommitId], message: str, *, author: str, time: int
    ) -> CommitId:
        """Store a commit that no ref names yet; durable after the next ``sync``.

        Args:
            tree: its genome.
            parents: at most as many as git allows.
            message: stored as given.
            author: author and committer; the address becomes ``<author>@evogit``.
            time: seconds since 1970, UTC.
        """
        data = objects.commit(tree, parents, message, author, time)
        return CommitId(objects.write(self._folder, "commit", data))

    def descends(self, commit: CommitId, ancestor: CommitId) -> bool:
        """Whether ``commit`` is ``ancestor`` or descends from it; false if git can not tell."""
        try:
            return commit == ancestor or self.handle.descendant_of(commit, ancestor)
        except (pygit2.GitError, KeyError, ValueError):
            return False

    def storing(self, action: Callable[[], _T]) -> _T:
        """Carry out what stores objects through libgit2, and nothing else.

        Again if the folder an object was about to go into vanished: packing, ours or git's own,
        removes empty ones, which git's own writers put up with and libgit2 does not.
        """
        for _ in range(_TRIES - 1):
            try:
                return action()
            except OSError as error:
                if _FOLDER_LOST not in str(error):  # libgit2 gives no errno
                    raise
        return action()

    def sync(self) -> None:
        """Make everything written so far durable: one round for any number of objects.

        Uses syncfs(2) on the object folder, which costs about half of an fsync per object and its
        folder (measured; docs/performance.md) and covers objects of all threads.

        Raises:
            OSError: the disk refused, for example because it is full.
        """
        if self._descriptor is None:
            # Kept open: a descriptor hears only of write errors that came after it was opened.
            self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor)
        _syncfs(self._descriptor)

    def ref(self, name: str) -> CommitId | None:
        """See ``refs.read``."""
        return refs.read(self.handle, name)

    def refs_under(self, prefix: str) -> dict[str, CommitId]:
        """See ``refs.under``."""
        return refs.under(self.handle, prefix)

    def move_ref(self, name: str, *, old: CommitId | None, new: CommitId | None) -> None:
        """Move one ref, durably. See ``refs.move_all``."""
        refs.move_all(self.handle, {name: (old, new)}, self.sync)

    def move_refs(self, moves: refs.Moves, *, durable: bool = True) -> None:
        """See ``refs.move_all``."""
        refs.move_all(self.handle, moves, self.sync if durable else None)

    def has(self, object_id: str) -> bool:
        """Whether an object is stored here; false for what is no whole id, as of a file half written."""
        return is_object_id(object_id) and object_id in self.handle

    def _object(self, object_id: str) -> object:
        try:
            return self.handle[object_id]
        except (KeyError, ValueError) as error:
            raise NotFoundError(f"object {object_id} is not in {self.path}") from error


def _open(path: Path) -> pygit2.Repository:
    flags = RepositoryOpenFlag.NO_SEARCH | RepositoryOpenFlag.NO_DOTGIT
    try:
        return pygit2.Repository(str(path), flags)
    except KeyError as error:
        raise NotFoundError(f"there is no git repository at {path}") from error
    except pygit2.GitError as error:
        if not path.exists():
            raise NotFoundError(f"there is no git repository at {path}") from error
        raise PreconditionError(f"repository {path} can not be opened: {error}") from error


def _syncfs(descriptor: int) -> None:
    function = getattr(_LIBC, "syncfs", None)
    if function is None:
        os.sync()
    elif function(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
