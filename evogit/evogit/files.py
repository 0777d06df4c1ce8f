"""Files replaced in one step."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
"""For the eyes of its owner."""


@contextmanager
def replacing(path: Path, *, mode: int = 0o666, durable: bool = True) -> Generator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends: others see the old or the whole new one.

    If the block raises, or the disk refuses, ``path`` is as it was and nothing is left beside it.
    A link at ``path`` is replaced, not followed.

    Args:
        path: in a folder that exists.
        mode: permissions of the new file, less what the process's umask takes away.
        durable: whether its content is on the disk before the old one is gone.

    Raises:
        OSError: the disk refused, or the folder is not there.
    """
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(building, flags, mode), "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        building.replace(path)
    except BaseException:
        building.unlink(missing_ok=True)
        raise
