"""The processes of a job without a namespace, however they hide: by session, descent or a mark."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from evogit.config.model import Limits
from evogit.sandbox.disk import WrittenFolders
from evogit.sandbox.tree import Meter, Process, Usage, descendants, process

_SWEEP: Final = 2.0  # seconds until we give up on a process that does not die


class StrayTree:
    """Implements ``Tree`` for plain processes.

    A double fork and a new session take a process out of its parent's reach; it keeps the variable
    it was started with, unless it overwrites it, and was most likely seen while still a descendant.

    Args:
        leader: our child, the first process of its session. Not reaped before ``ended``.
        mark: a ``NAME=value`` that only this job's processes have in their environment.
        limits: those of the job.
        written: folders whose use counts as disk.
        undo: closed by ``release``.
    """

    def __init__(
        self, leader: int, mark: bytes, limits: Limits, written: Sequence[Path], undo: ExitStack
    ) -> None:
        self._leader = leader
        self._mark = mark
        self._limits = limits
        self._undo = undo
        self._meter = Meter(leader)
        first = process(leader)
        self._since = 0 if first is None else first.started
        self._written = WrittenFolders(written)

    def kill(self) -> None:
        """SIGKILL to every process of the job that can be found."""
        for pid in [self._leader, *descendants(self._leader)]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._sweep()

    def usage(self) -> Usage:
        """What the leader and its descendants use now."""
        return self._meter.read(self._limits.memory)

    def disk_is_full(self) -> bool:
        """Whether the scratch folder and private copies grew by more than the limit."""
        return self._written.grew_by(self._limits.disk)

    def ended(self, status: int) -> int | None:
        """Kill what the leader left behind and wait until it is gone."""
        give_up = time.monotonic() + _SWEEP
        while self._sweep() and time.monotonic() < give_up:
            time.sleep(0.002)
        return status

    def release(self) -> None:
        """Remove the job's folder."""
        self._undo.close()

    def _sweep(self) -> int:
        """Kill all that can be found; returns how many were still alive."""
        found = list(self._alive())
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def _alive(self) -> Iterator[int]:
        seen = self._meter.seen()
        for name in os.listdir("/proc"):  # noqa: PTH208
            if name.isdigit():
                one = process(int(name))
                # Older processes are none of ours, and asking for their environment takes time.
                recent = one is not None and not one.dead and one.started >= self._since
                if one is not None and recent and self._is_ours(one, seen):
                    yield one.pid

    def _is_ours(self, one: Process, seen: set[tuple[int, int]]) -> bool:
        if one.session == self._leader or (one.pid, one.started) in seen:
            return True
        try:
            return self._mark in Path(f"/proc/{one.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
