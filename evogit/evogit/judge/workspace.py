"""Pooled workspaces: folders that hold one tree and are turned into another by their difference.

Exporting a whole tree of 5,000 files costs over a second; the difference of two individuals costs
milliseconds. That is only right while nobody else changes the folder, so candidates see it
read-only or as a private copy, and a folder whose last export did not finish starts afresh.
"""

from __future__ import annotations

import os
import queue
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pygit2
from pygit2.enums import FileMode

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import EXECUTABLE, MAX_DEPTH, MAX_ENTRIES, SYMLINK, check_path
from evogit.ids import TreeId

_MARK: Final = ".tree"
_FOLDER: Final = "files"


class Workspace:
    """One folder on disk. Not for concurrent use.

    Args:
        git: where trees are read from.
        root: this workspace's own folder; whatever else lies there is removed.
    """

    def __init__(self, git: GitRepository, root: Path) -> None:
        self._git = git
        self._root = root
        self._tree = self._left_over()

    @property
    def folder(self) -> Path:
        """The folder that holds the files."""
        return self._root / _FOLDER

    def show(self, tree: TreeId) -> Path:
        """Make the folder hold exactly ``tree`` and return it. Submodules become empty folders.

        Raises:
            UserError: the tree is not bounded as ``trees.walk`` says, or holds a forbidden path.
            OSError: the disk refused.
        """
        if tree != self._tree:
            before, self._tree = self._tree, None
            (self._root / _MARK).unlink(missing_ok=True)
            try:
                _Export(self._git.handle).turn(self.folder, before, tree)
            except BaseException:
                self._clear()  # half a tree must not be taken for a whole one
                raise
            (self._root / _MARK).write_text(tree)
            self._tree = tree
        return self.folder

    def _left_over(self) -> TreeId | None:
        mark = self._root / _MARK
        if mark.exists():
            tree = mark.read_text("ascii", "replace")
            if self._git.has(tree):
                return TreeId(tree)
        self._clear()
        return None

    def _clear(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True, exist_ok=True)
        _make_folder(self.folder)


class _Budget:
    """How many entries of one tree may still be read."""

    def __init__(self) -> None:
        self._left = MAX_ENTRIES

    def take(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise UserError(f"tree has more than {MAX_ENTRIES} entries")


class _Export:
    """Turns a folder holding one tree into another; opens only what differs."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository
        self._old = _Budget()
        self._new = _Budget()

    def turn(self, folder: Path, old: str | None, new: str | None, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise UserError(f"tree is more than {MAX_DEPTH} folders deep")
        before, after = self._entries(old, self._old), self._entries(new, self._new)
        for name, entry in before.items():
            now = after.get(name)
            if now is None or now.filemode != entry.filemode:
                _remove(folder / name)
        for name, entry in after.items():
            was = before.get(name)
            if was is not None and (was.id, was.filemode) == (entry.id, entry.filemode):
                continue
            self._put(folder / name, was, entry, depth)

    def _put(self, path: Path, was: pygit2.Object | None, entry: pygit2.Object, depth: int) -> None:
        check_path(path.name)
        if entry.filemode == FileMode.TREE:
            kept = was is not None and was.filemode == FileMode.TREE
            _make_folder(path)
            self.turn(
                path, str(was.id) if was is not None and kept else None, str(entry.id), depth + 1
            )
        elif entry.filemode == FileMode.COMMIT:
            _make_folder(path)
        else:
            _write(path, _data(self._repository, entry), int(entry.filemode))

    def _entries(self, tree: str | None, budget: _Budget) -> dict[str, pygit2.Object]:
        if tree is None:
            return {}
        found: object = self._repository[tree]
        if not isinstance(found, pygit2.Tree):
            raise UserError(f"{tree} is not a tree")
        budget.take(len(found))
        return {str(item.name): item for item in found}


def _data(repository: pygit2.Repository, entry: pygit2.Object) -> bytes:
    found: object = repository[entry.id]
    if not isinstance(found, pygit2.Blob):
        raise UserError(f"{entry.name!r} is not a file")
    return found.data


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Create a file that is not there; never follows a link that is."""
    _remove(path)
    if mode == SYMLINK:
        path.symlink_to(os.fsdecode(data))
        return
    permissions = 0o755 if mode == EXECUTABLE else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, permissions), "wb") as file:
        os.fchmod(file.fileno(), permissions)
        file.write(data)


def _make_folder(path: Path) -> None:
    """Readable for the ordinary uid that candidates run as, whatever the umask."""
    path.mkdir(exist_ok=True)
    path.chmod(0o755)


class Pool:
    """A fixed number of slots, each with its own workspaces; a thread borrows one at a time.

    Args:
        git: where trees are read from.
        root: folder of this worker alone.
        slots: how many evaluations may run at once.
    """

    def __init__(self, git: GitRepository, root: Path, slots: int) -> None:
        self._git = git
        self._free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
        for number in range(slots):
            self._free.put(Slot(git, root / str(number)))

    @contextmanager
    def slot(self) -> Generator[Slot]:
        """Borrow a slot; waits until one is free."""
        slot = self._free.get()
        try:
            yield slot
        finally:
            self._free.put(slot)


class Slot:
    """The workspaces one evaluation may use at once: the candidate's and the base's."""

    def __init__(self, git: GitRepository, root: Path) -> None:
        self.candidate = Workspace(git, root / "candidate")
        self.base = Workspace(git, root / "base")
