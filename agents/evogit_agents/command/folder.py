"""The folder an agent works in: laid out from the parent, read back as changes.

It holds a git repository of its own with one commit, so that tools that want one find it, and
nothing of the swarm or the user's repository. What is in that ``.git`` afterwards is not looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pygit2

from evogit.config.model import Search
from evogit.errors import UserError
from evogit.git.repository import isolate_libgit2
from evogit.git.trees import MAX_BLOB_BYTES, MAX_DEPTH, MAX_ENTRIES, check_path
from evogit.paths import matches
from evogit.proposals import Genome
from evogit.text import clean_line

LITTER: Final = (
    *("__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".cache/"),
    *(".venv/", "venv/", "node_modules/", "*.egg-info/", ".coverage"),
)
"""What tools and test runs leave behind that is no work, unless the parent has it."""
_MOST_BYTES: Final = 64 * 2**20
_GIT: Final = ".git"
_WHEN: Final = 1_000_000_000  # the same commit for the same parent


@dataclass(slots=True)
class Work:
    """What an agent left: ``changes`` for a proposal, and the paths of what is not taken."""

    changes: dict[str, bytes | None] = field(default_factory=dict[str, bytes | None])
    executable: set[str] = field(default_factory=set[str])
    left_out: list[str] = field(default_factory=list[str])


def lay_out(parent: Genome, folder: Path) -> None:
    """Write ``parent`` into ``folder``, which must not exist, and commit it there.

    Raises:
        UserError: the parent holds a path that is not allowed.
        OSError: the disk refused.
    """
    folder.mkdir(mode=0o700)
    for path in parent.paths:
        target = folder / check_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(parent.read(path))
    isolate_libgit2()
    repository = pygit2.init_repository(str(folder), initial_head="main")
    repository.config["user.name"] = "evogit"
    repository.config["user.email"] = "evogit@localhost"
    for path in parent.paths:
        repository.index.add(path)
    repository.index.write()
    who = pygit2.Signature("evogit", "evogit@localhost", _WHEN, 0)
    tree = repository.index.write_tree()
    repository.create_commit("HEAD", who, who, "the parent\n", tree, [])
    repository.free()


def read_back(parent: Genome, folder: Path, search: Search, litter: Sequence[str]) -> Work:
    """What differs from ``parent`` now. No process may still be writing to ``folder``.

    Changes to protected files are among the changes, so that the kernel refuses the offspring; those
    to files that are neither editable nor protected are left out and named.

    Raises:
        UserError: it is too large or too deep, or has something other than a file or folder where a
            file of the individual belongs.
    """
    known = set(parent.paths)
    work = Work()
    seen: set[str] = set()
    room = _MOST_BYTES
    for path, entry in _files(folder, known, (*LITTER, *litter)):
        seen.add(path)
        counts = matches(path, search.editable) or matches(path, search.protected)
        if path not in known and not counts:
            work.left_out.append(path)
            continue
        data, executable = _read(path, entry)
        if path in known and data == parent.read(path):
            continue
        if not counts:
            work.left_out.append(path)
            continue
        room -= len(data)
        if room < 0:
            raise UserError(f"it changed more than {_MOST_BYTES // 2**20} MiB")
        work.changes[path] = data
        if executable:
            work.executable.add(path)
    for path in sorted(known - seen):
        if matches(path, search.editable) or matches(path, search.protected):
            work.changes[path] = None
        else:
            work.left_out.append(path)
    return work


def _files(
    folder: Path, known: set[str], litter: Sequence[str]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry that is no folder and no litter, with its path."""
    waiting = [(folder, "")]
    budget = MAX_ENTRIES
    parents = {path.rpartition("/")[0] for path in known}
    folders = {prefix for path in parents for prefix in _prefixes(path)}
    while waiting:
        here, prefix = waiting.pop()
        with os.scandir(here) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        budget -= len(found)
        if budget < 0:
            raise UserError(f"it left more than {MAX_ENTRIES} files")
        for entry in found:
            path = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if path == _GIT or (
                path not in known and path not in folders and _is_litter(path, is_folder, litter)
            ):
                continue
            if entry.name.lower() == _GIT:
                raise UserError(f"it left a git repository at {clean_line(path, 80)!r}")
            if not is_folder:
                yield path, entry
            elif path.count("/") >= MAX_DEPTH:
                raise UserError(f"it left folders more than {MAX_DEPTH} deep")
            else:
                waiting.append((Path(entry.path), path + "/"))


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split("/")
    yield from ("/".join(parts[:number]) for number in range(1, len(parts) + 1))


def _is_litter(path: str, is_folder: bool, litter: Sequence[str]) -> bool:
    # A pattern that ends in a slash covers what is below a folder of that name.
    return matches(f"{path}/." if is_folder else path, litter)


def _read(path: str, entry: os.DirEntry[str]) -> tuple[bytes, bool]:
    shown = repr(clean_line(path, 80))
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"it made {shown} something other than a file")
    if status.st_size > MAX_BLOB_BYTES:
        raise UserError(f"it made {shown} larger than {MAX_BLOB_BYTES // 2**20} MiB")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(entry.path, flags), "rb") as file:
        return file.read(MAX_BLOB_BYTES + 1), bool(status.st_mode & 0o100)
