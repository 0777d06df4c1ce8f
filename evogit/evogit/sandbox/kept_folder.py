"""A temporary folder that is removed even if its process is killed: by the next one of its kind."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "evogit-containers-"
_NEW: Final = "evogit-new-"
_LOCK: Final = "lock"


def make_folder(undo: ExitStack) -> Path:
    """A new folder that others may pass through, not list; ``undo`` removes it.

    Those of dead processes of this user are removed first. Which these are, their locks tell, which
    the kernel drops however a process dies.
    """
    place = Path(tempfile.gettempdir())
    for old in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_if_dead(old)
    made = Path(tempfile.mkdtemp(prefix=_NEW, dir=place))
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    undo.callback(os.close, lock)
    fcntl.flock(lock, fcntl.LOCK_EX)
    # Only a locked folder gets the name that others look for.
    folder = made.rename(made.with_name(_PREFIX + made.name.removeprefix(_NEW)))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)
    return folder


def _remove_if_dead(folder: Path) -> None:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return
    lock = os.open(folder / _LOCK, flags)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
