"""Passing bytes on between descriptors until the job behind them has ended."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Final

_PATIENCE: Final = 50  # milliseconds until a stream looks whether the job has ended
_CHUNK: Final = 2**16


def chunks(fd: int, ended: threading.Event) -> Iterator[bytes]:
    """What can be read from ``fd`` until its end or the job's."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    while True:
        last_look = ended.is_set()
        if waiting.poll(_PATIENCE):
            data = os.read(fd, _CHUNK)
            if not data:
                return
            yield data
        elif last_look:
            return


def send_all(fd: int, data: bytes) -> None:
    """Write all of ``data``.

    Raises:
        OSError: nobody reads it any more.
    """
    while data:
        data = data[os.write(fd, data) :]


def relay(read: int, write: int, ends: ExitStack, ended: threading.Event) -> None:
    """Pass on what comes from ``read``, then close ``ends``, which hold both descriptors."""
    with ends, suppress(OSError):
        for data in chunks(read, ended):
            send_all(write, data)
