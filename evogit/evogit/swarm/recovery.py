"""After a power cut: remove what was written but never made durable.

Objects are made durable many at a time, so a power cut can leave files of the last moments that
are there and empty. None was acknowledged and no durable record names one, but git would take the
file for the object when the same content is written again. Work folders may be damaged likewise.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

import pygit2

from evogit.git.repository import GitRepository
from evogit.ids import is_object_id

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_FOLDERS: Final = ("workspaces", "evaluators")


def recover(git: GitRepository) -> int:
    """Remove damaged loose objects if the machine was started anew since the last call.

    Every writer calls this before it writes. Returns how many objects were removed; costs
    microseconds when the machine is still the same, and else the reading of every loose object.

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
        removed = _remove_damaged(git)
        for name in _FOLDERS:
            shutil.rmtree(private / name, ignore_errors=True)
        git.sync()
        file.seek(0)
        file.truncate()
        file.write(boot)
        return removed


def _remove_damaged(git: GitRepository) -> int:
    removed = 0
    for folder in (git.path / "objects").iterdir():
        if len(folder.name) != 2:
            continue
        for path in folder.iterdir():
            name = folder.name + path.name
            if not is_object_id(name) or not _is_sound(git, name):
                path.unlink()
                removed += 1
    return removed


def _is_sound(git: GitRepository, name: str) -> bool:
    try:
        git.handle.odb.read(name)
    except (KeyError, ValueError, pygit2.GitError):
        return False
    return True
