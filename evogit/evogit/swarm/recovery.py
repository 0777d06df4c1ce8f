"""After a power cut: remove what was written but never made durable.

Objects are made durable many at a time, so a power cut can leave files of the last moments that
are there and empty. None was acknowledged and no durable record names one, but git would take the
file for the object when the same content is written again. Work folders may be damaged likewise.

On a file system that several machines share, another machine looks like one that was started anew.
So nothing is removed while anybody holds an identity: what lies there may be in use.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pygit2

from evogit.git.repository import GitRepository
from evogit.ids import is_object_id

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_FOLDERS: Final = ("workspaces", "evaluators")
_BEING_WRITTEN: Final = 3600.0
"""Seconds for which a temporary file may still be somebody's: not all who write hold an identity."""


def recover(git: GitRepository) -> int:
    """Remove damaged loose objects if the machine was started anew since the last call.

    Every writer calls this before it writes. Returns how many objects were removed; costs
    microseconds when the machine is still the same, and else the reading of every loose object.
    While an identity is held, nothing is removed and the next call looks again.

    Raises:
        OSError: the disk refused.
    """
    private = git.path / "evogit"
    private.mkdir(exist_ok=True)
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"
    descriptor = os.open(private / "boot", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        if file.read() == boot:
            return 0
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() == boot:
            return 0
        with _all_free(private / "identities") as free:
            if not free:
                return 0
            removed = _remove_damaged(git)
            for name in _FOLDERS:
                shutil.rmtree(private / name, ignore_errors=True)
            git.sync()
        file.seek(0)
        file.truncate()
        file.write(boot)
        return removed


@contextmanager
def _all_free(identities: Path) -> Generator[bool]:
    """Whether no process holds an identity, and then none takes an old one meanwhile.

    New ones are taken only after ``recover``. The lock is shared, as is that of those who only ask
    whether an owner lives.
    """
    with ExitStack() as held:
        for path in identities.iterdir() if identities.exists() else ():
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
        yield True


def _remove_damaged(git: GitRepository) -> int:
    removed = 0
    since = time.time() - _BEING_WRITTEN
    for folder in (git.path / "objects").iterdir():
        if len(folder.name) != 2:
            continue
        for path in folder.iterdir():
            name = folder.name + path.name
            if _is_being_written(path, since) or (is_object_id(name) and _is_sound(git, name)):
                continue
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_being_written(path: Path, since: float) -> bool:
    try:
        return path.name.startswith("tmp_") and path.stat().st_mtime > since
    except FileNotFoundError:
        return True


def _is_sound(git: GitRepository, name: str) -> bool:
    try:
        git.handle.odb.read(name)
    except (KeyError, ValueError, pygit2.GitError):
        return False
    return True
