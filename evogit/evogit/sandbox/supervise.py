"""Watches one started job: collects its output, holds its limits, and reports how it ended."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGKILL, SIGXCPU, SIGXFSZ
from typing import Final, Protocol

from evogit.config.model import Limits
from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Limit
from evogit.sandbox.spawn import Streams
from evogit.sandbox.tree import Usage
from evogit.text import clean_line, decode

_FIRST_LOOK: Final = 0.02
_INTERVAL: Final = 0.05
_CLOSE_LOOK: Final = 0.01  # while more than half of the memory is in use
_GRACE: Final = 0.3  # for output still in the pipe when the leader has ended
_CHUNK: Final = 2**16


class Tree(Protocol):
    """What a sandbox knows about the processes of one job. Used by one thread, except ``kill``."""

    def kill(self) -> None:
        """SIGKILL to all of it; repeated until the leader is gone. Never blocks."""
        ...

    def usage(self) -> Usage:
        """What it uses now."""
        ...

    def disk_is_full(self) -> bool:
        """Whether the job used up its scratch space."""
        ...

    def ended(self, status: int) -> int | None:
        """The leader is gone with this exit status: end what is left.

        Returns the status of the job's own command, or ``None`` if the sandbox broke before it
        could start that.
        """
        ...

    def release(self) -> None:
        """Give up descriptors, mounts and folders; called once, last."""
        ...


@dataclass(slots=True)
class Captured:
    """One output pipe and what came through it so far."""

    descriptor: int
    limit: int
    data: bytearray = field(default_factory=bytearray)

    def read(self) -> bool:
        """Take what is there; false at the end of the stream."""
        try:
            chunk = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return True
        room = self.limit - len(self.data)
        self.data += chunk[: room + 1]
        return bool(chunk)

    @property
    def over(self) -> bool:
        """Whether more than the limit was written."""
        return len(self.data) > self.limit


class SupervisedJob:
    """A running job with a thread of its own that holds the limits. Implements ``Running``.

    Args:
        pid: the leader, a child of this process that nobody else waits for.
        tree: the processes of the job; released at the end.
        limits: reaching one kills the tree.
        streams: the read ends are closed at the end.
        started: ``time.monotonic()`` before the leader was started.
        on_end: called last, from the job's thread.
    """

    def __init__(
        self,
        pid: int,
        tree: Tree,
        limits: Limits,
        streams: Streams,
        *,
        started: float,
        on_end: Callable[[SupervisedJob], None],
    ) -> None:
        self._pid = pid
        self._tree = tree
        self._limits = limits
        self._started = started
        self._stdout = None if streams.stdout is None else Captured(streams.stdout, limits.output)
        self._stderr = Captured(streams.stderr, limits.output)
        self._on_end = on_end
        self._lock = threading.Lock()
        self._gone = False
        self._cpu = 0.0
        self._stopping = False
        self._limit: Limit | None = None
        self._result: Completed | BaseException | None = None
        self._done = threading.Event()
        try:
            self._leader = os.pidfd_open(pid)
            threading.Thread(target=self._supervise, name=f"job-{pid}", daemon=True).start()
        except BaseException:
            self._abandon()
            raise

    def wait(self) -> Completed:
        """Block until the whole process tree is gone; idempotent.

        Raises:
            EvaluatorError: the sandbox broke before it could start the command.
        """
        self._done.wait()
        if isinstance(self._result, Completed):
            return self._result
        raise EvaluatorError(
            str(self._result), hint=getattr(self._result, "hint", "")
        ) from self._result

    def kill(self) -> None:
        """End the whole process tree with SIGKILL. Idempotent."""
        self._stop(None)

    def _stop(self, limit: Limit | None) -> None:
        with self._lock:
            if not self._stopping:
                self._stopping, self._limit = True, limit
            if not self._gone:
                self._tree.kill()

    def _supervise(self) -> None:
        try:
            self._result = self._follow()
        except BaseException as error:  # noqa: BLE001  # whoever waits must learn of it
            self._result = error
            self._abandon()
        else:
            self._release()
        finally:
            os.close(self._leader)
            self._done.set()
            self._on_end(self)

    def _abandon(self) -> None:
        """End the job when it can not be watched (no descriptors, threads or memory left)."""
        with self._lock:
            if not self._gone:
                self._tree.kill()
                os.waitpid(self._pid, 0)
                self._gone = True
        self._release()

    def _release(self) -> None:
        for captured in self._captured():
            os.close(captured.descriptor)
        self._tree.release()

    def _captured(self) -> list[Captured]:
        return [self._stderr] if self._stdout is None else [self._stdout, self._stderr]

    def _follow(self) -> Completed:
        with selectors.PollSelector() as selector:
            selector.register(self._leader, selectors.EVENT_READ)
            for captured in self._captured():
                os.set_blocking(captured.descriptor, False)
                selector.register(captured.descriptor, selectors.EVENT_READ, captured)
            self._until_the_leader_ends(selector)
            seconds = time.monotonic() - self._started
            with self._lock:
                self._gone = True
                _, status, used = os.wait4(self._pid, 0)
            cpu = max(used.ru_utime + used.ru_stime, self._cpu)
            status = self._tree.ended(os.waitstatus_to_exitcode(status))
            selector.unregister(self._leader)
            self._drain(selector)
        if status is None:
            said = decode(bytes(self._stderr.data), 300)
            raise EvaluatorError(
                clean_line(f"the sandbox failed before it started the job: {said}"),
                hint="evogit doctor shows what works on this machine",
            )
        return self._completed(status, seconds, cpu)

    def _until_the_leader_ends(self, selector: selectors.BaseSelector) -> None:
        look = self._started + _FIRST_LOOK
        deadline = self._started + self._limits.wall
        while True:
            now = time.monotonic()
            if now >= deadline and not self._stopping:
                self._stop("wall")
            if now >= look:
                look = now + self._look()
            pause = look if self._stopping else min(look, deadline)
            for key, _ in selector.select(max(pause - now, 0)):
                if key.fd == self._leader:
                    return
                self._take(selector, key.data)

    def _look(self) -> float:
        """Measure the tree and stop it if it reached a limit; returns seconds to the next look."""
        if self._stopping:
            self._stop(None)  # a process may have escaped the first round by forking
            return _CLOSE_LOOK
        usage = self._tree.usage()
        self._cpu = usage.cpu
        limit = self._reached(usage)
        if limit is not None:
            self._stop(limit)
        return _CLOSE_LOOK if usage.memory * 2 > self._limits.memory else _INTERVAL

    def _reached(self, usage: Usage) -> Limit | None:
        if usage.memory > self._limits.memory:
            return "memory"
        if usage.cpu > self._limits.cpu:
            return "cpu"
        if usage.tasks > self._limits.processes:
            return "processes"
        return "disk" if self._tree.disk_is_full() else None

    def _take(self, selector: selectors.BaseSelector, captured: Captured) -> None:
        if not captured.read() or captured.over:
            selector.unregister(captured.descriptor)
        if captured.over:
            self._stop("output")

    def _drain(self, selector: selectors.BaseSelector) -> None:
        end = time.monotonic() + _GRACE
        while selector.get_map() and (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                self._take(selector, key.data)

    def _completed(self, status: int, seconds: float, cpu: float) -> Completed:
        limit = self._limit
        if not self._stopping and status == -SIGXFSZ:
            limit = "disk"
        elif not self._stopping and status in (-SIGKILL, -SIGXCPU) and cpu > self._limits.cpu:
            limit = "cpu"
        stdout = b"" if self._stdout is None else bytes(self._stdout.data[: self._limits.output])
        stderr = bytes(self._stderr.data[: self._limits.output])
        return Completed(status, stdout, stderr, seconds, cpu, limit)
