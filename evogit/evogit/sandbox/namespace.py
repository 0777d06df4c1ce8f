"""The processes of one bubblewrap job: everything below the first process of its pid namespace."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from evogit.config.model import Limits
from evogit.sandbox.disk import WrittenFolders
from evogit.sandbox.forkserver_usage import socket_memory
from evogit.sandbox.limits import MAX_FILES
from evogit.sandbox.tree import Meter, Usage, children

_SIGNALLED = 128  # bwrap and sh report death by signal N as status 128 + N


class NamespaceTree:
    """Implements ``Tree`` for bubblewrap.

    Args:
        monitor: the bwrap process outside, our child. Not reaped before ``ended``.
        report: read end of bwrap's status pipe.
        limits: those of the job.
        scratch: writable places inside that are file systems of their own; their use counts as disk.
        written: folders of the host that the job may write to.
        undo: closes ``report`` and withdraws mounts; closed by ``release``.
    """

    def __init__(
        self,
        monitor: int,
        report: int,
        limits: Limits,
        scratch: list[str],
        written: list[Path],
        undo: ExitStack,
    ) -> None:
        self._monitor = monitor
        self._report = report
        self._limits = limits
        self._scratch = scratch
        self._written = WrittenFolders(written)
        self._undo = undo
        self._meter = Meter(monitor, ours=2)
        self._killed = False

    def kill(self) -> None:
        """End pid 1 of the namespace and with it everything inside.

        The monitor outside is left to notice: it then knows the processor time of all of them.
        """
        self._killed = True
        found = children(self._monitor)
        for pid in found:
            with suppress(OSError):
                handle = os.pidfd_open(pid)
                try:
                    # Still our grandchild, so the handle is not of a stranger with a reused id.
                    if pid in children(self._monitor):
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
                finally:
                    os.close(handle)
        if not found:  # bwrap has not got that far; what it may start meanwhile dies with it
            with suppress(ProcessLookupError):
                os.kill(self._monitor, signal.SIGKILL)

    def usage(self) -> Usage:
        """What the job uses now, without its pid 1."""
        used = self._meter.read(self._limits.memory)
        unread = sum(map(socket_memory, children(self._monitor)))
        return replace(used, memory=used.memory + unread)

    def disk_is_full(self) -> bool:
        """Whether ``/tmp`` and private copies together, or the host's folders, hold too much."""
        if self._written.grew_by(self._limits.disk):
            return True
        used = files = 0
        for place in self._writable():
            try:
                status = os.statvfs(place)
            except OSError:
                continue  # not mounted yet, or gone
            used += (status.f_blocks - status.f_bfree) * status.f_frsize
            files += status.f_files - status.f_ffree
        return used >= self._limits.disk or files > MAX_FILES

    def _writable(self) -> list[str]:
        for pid in children(self._monitor):
            root = f"/proc/{pid}/root"
            with suppress(OSError):
                # While bwrap is still building, this is the host's root, and not ours to measure.
                if not Path(root).samefile("/"):
                    return [root + place for place in self._scratch]
        return []

    def ended(self, status: int) -> int | None:
        """The namespace is empty: bwrap waited for its pid 1, and the kernel for all others."""
        os.set_blocking(self._report, False)
        try:
            report = os.read(self._report, 2**16)
        except BlockingIOError:
            report = b""
        if b'"exit-code"' not in report and not self._killed:
            return None
        if _SIGNALLED < status <= _SIGNALLED + signal.NSIG:
            return _SIGNALLED - status
        return status

    def release(self) -> None:
        """Close the status pipe and withdraw the job's mounts."""
        self._undo.close()
