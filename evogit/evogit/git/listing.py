"""All refs of a repository, kept up to date by looking at what moved.

libgit2's iterator opens every ref at every call and keeps Python's lock while it waits for the
disk, behind every rename and sync of other threads and processes; a worker asks many times a second. Here what
did not change costs one ``stat``, and other threads run meanwhile.
"""

from __future__ import annotations

import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evogit.ids import CommitId

_SETTLED_NS: Final = 100_000_000
"""A file that changed less than this before it was looked at may change again and look the same: file
systems stamp in ticks of some milliseconds. The same rule, for the same reason, as git's index ("racy git")."""
_DIRECT: Final = re.compile(rb"([0-9a-f]{40})\s*")
_PACKED: Final = re.compile(rb"^([0-9a-f]{40}) (refs/\S+)$", re.MULTILINE)

_Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Seen:
    """What was read of a file or folder, and by what one can tell that it is still so."""

    stamp: _Stamp = (-1, -1, -1)


@dataclass(slots=True)
class _File(_Seen):
    target: CommitId | None = None


@dataclass(slots=True)
class _Packed(_Seen):
    targets: dict[str, CommitId] = field(default_factory=dict[str, CommitId])


@dataclass(slots=True)
class _Folder(_Seen):
    files: dict[str, _File] = field(default_factory=dict[str, _File])
    folders: dict[str, _Folder] = field(default_factory=dict[str, "_Folder"])


class Listing:
    """The direct refs of one repository whose refs are files. Thread-safe.

    Args:
        path: the git directory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._packed = _Packed()
        self._loose = _Folder()

    def read(self) -> dict[str, CommitId]:
        """Every ref below ``refs/`` that names an object, by full name.

        Each is as it was at some moment during the call. Symbolic, broken and locked ones are left out.
        """
        with self._lock:
            found: dict[str, CommitId] = {}
            _look(self._path / "refs", self._loose)
            _gather("refs/", self._loose, found)
            # Packed ones last: packing writes them before it removes the loose ones.
            return dict(sorted((self._read_packed() | found).items()))

    def _read_packed(self) -> dict[str, CommitId]:
        path, seen = self._path / "packed-refs", self._packed
        if _changed(path, seen):
            data = _content(path) or b""
            seen.targets = {
                name.decode("utf-8", "surrogateescape"): CommitId(target.decode())
                for target, name in _PACKED.findall(data)
            }
        return seen.targets


def _changed(path: Path, seen: _Seen) -> bool:
    """Whether something may not be as it was seen; notes how it looks now."""
    now = time.time_ns()
    try:
        status = path.stat()
    except OSError:
        stamp = (0, 0, 0)
        settled = True
    else:
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        settled = status.st_mtime_ns < now - _SETTLED_NS
    same = stamp == seen.stamp
    seen.stamp = stamp if settled else (-1, -1, -1)
    return not same


def _look(path: Path, folder: _Folder) -> None:
    if _changed(path, folder):
        _list(path, folder)
    for name, file in folder.files.items():
        if _changed(path / name, file):
            found = _DIRECT.fullmatch(_content(path / name) or b"")
            file.target = CommitId(found[1].decode()) if found else None
    for name, inner in folder.folders.items():
        _look(path / name, inner)


def _list(path: Path, folder: _Folder) -> None:
    files: dict[str, _File] = {}
    folders: dict[str, _Folder] = {}
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders[entry.name] = folder.folders.get(entry.name) or _Folder()
                elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(".lock"):
                    files[entry.name] = folder.files.get(entry.name) or _File()
    except (FileNotFoundError, NotADirectoryError):
        pass  # removed since its parent was listed
    folder.files, folder.folders = files, folders


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None  # removed, or turned into a folder, since it was listed


def _gather(prefix: str, folder: _Folder, found: dict[str, CommitId]) -> None:
    for name, file in folder.files.items():
        if file.target is not None:
            found[prefix + name] = file.target
    for name, inner in folder.folders.items():
        _gather(f"{prefix}{name}/", inner, found)
