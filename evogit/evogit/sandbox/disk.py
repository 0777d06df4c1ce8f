"""How much a job wrote into folders of the host: looked at now and then, for a look takes time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from evogit.sandbox.limits import MAX_FILES

_INTERVAL: Final = 0.25


class WrittenFolders:
    """The growth of some folders since this was made. Used by one thread.

    Args:
        folders: what the job may write to; links in them are not followed.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._next = 0.0
        found = list(_files(folders))
        self._size = sum(size for _, size in found)
        self._number = max((number for number, _ in found), default=0)

    def grew_by(self, limit: int) -> bool:
        """Whether they grew by ``limit`` bytes or by too many files; false between two looks."""
        now = time.monotonic()
        if not self._folders or now < self._next:
            return False
        self._next = now + _INTERVAL
        used = -self._size
        for number, size in _files(self._folders):
            used += size
            if used >= limit or number - self._number > MAX_FILES:
                return True
        return False


def _files(folders: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """(count so far, bytes in use) of every file below."""
    waiting, number = [str(folder) for folder in folders], 0
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                number += 1
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield number, entry.stat(follow_symlinks=False).st_blocks * 512
