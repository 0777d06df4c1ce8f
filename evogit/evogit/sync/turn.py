"""Exchanges of one clone take turns, also after one that was killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

from evogit.errors import PreconditionError
from evogit.swarm.repository import Swarm


@contextmanager
def turn(swarm: Swarm, copies: str, wait: float) -> Generator[int]:
    """One exchange of a clone at a time; another one is waited for up to ``wait`` seconds.

    Every git program it starts gets the locked file as its standard input, so that the lock is free
    only when a killed process's orphaned git has ended too: then a lock on a ref of theirs is
    certainly stale. What git starts itself (ssh, a credential daemon) gets another standard input
    and inherits nothing, so that it can not hold the lock for longer.

    Args:
        swarm: the clone.
        copies: prefix of the refs that only exchanges write; stale locks on them are removed.
        wait: seconds.

    Returns:
        The descriptor to give to git as its standard input.

    Raises:
        PreconditionError: another exchange holds the lock for too long.
    """
    path = swarm.private / "sync.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(descriptor, wait)
        for lock in (swarm.path / copies).rglob("*.lock"):
            lock.unlink(missing_ok=True)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise PreconditionError(
                    f"another exchange of this clone did not end within {seconds:g} s",
                    hint="see what became of its git process: pgrep -a git",
                ) from None
            time.sleep(0.05)
        else:
            return
