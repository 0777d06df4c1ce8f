"""The supervisor: gives jobs to children of the zygote, holds their limits, reports how they ended.

It is pid 1 of a pid namespace around all jobs of one server: when it dies, the kernel ends them
all. One thread and one loop; nothing in it waits for a job or for the client. Standard library
only, Python 3.9 syntax: runs inside foreign interpreters.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from evogit.sandbox import forkserver_kernel as kernel
from evogit.sandbox import forkserver_usage as usage

_FIRST_LOOK = 0.02
_INTERVAL = 0.05
_CLOSE_LOOK = 0.01  # while somebody uses more than half of its memory
_CHUNK = 2**16
_MOST_FAILURES = 10
_MOST_COMING = 16


class Child:
    """A forked, prepared process that waits for its one job."""

    def __init__(self, pid: int, pidfd: int, channel: socket.socket) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.channel = channel

    def failure(self) -> str:
        """Why it could not start a job; empty if it could."""
        while True:
            try:
                message = self.channel.recv(4096)
            except OSError:
                return ""
            if not message or message.startswith(b"error"):
                return message[5:].decode("utf-8", "replace")

    def close(self) -> None:
        """Give up the descriptors."""
        os.close(self.pidfd)
        self.channel.close()


class Job:
    """One request: its limits, descriptors and, once it runs, its child and output so far."""

    def __init__(self, request: dict[str, Any], control: int, passed: list[int]) -> None:
        self.limits: dict[str, float] = request["limits"]
        self.request = request
        self.control = socket.socket(fileno=control)
        self.passed = passed
        self.started = time.monotonic()
        self.deadline = self.started + self.limits["wall"]
        self.child: Child | None = None
        self.tmp = -1
        self.output: dict[int, bytearray] = {}
        self.streams: list[int] = []
        self.limit: str | None = None
        self.stopping = False
        self.meter = usage.Meter()

    def stop(self, limit: str | None) -> None:
        """SIGKILL; the kernel ends the rest of the namespace."""
        if not self.stopping:
            self.stopping, self.limit = True, limit
            if self.child is not None:
                with suppress(ProcessLookupError):  # it ended and this was about its last words
                    signal.pidfd_send_signal(self.child.pidfd, signal.SIGKILL)

    def start(self, child: Child) -> None:
        """Hand everything to ``child``."""
        self.child = child
        size = int(self.limits["disk"])
        inodes = str(int(self.limits["files"]))
        self.tmp = kernel.new_tmpfs({"size": str(size), "nr_inodes": inodes, "mode": "1777"})
        job, stdin, *rest = self.passed
        ends: list[int] = []
        stdout = rest.pop(0) if self.request["stdout"] else self._capture(ends)
        stderr = self._capture(ends)
        trees: list[int] = []
        try:
            for path in self.request["paths"]:
                trees.append(_tree(path))  # noqa: PERF401  # an error must find those opened so far
            fds = [job, stdin, stdout, stderr, self.tmp, *rest, *trees]
            kernel.send(child.channel, b"job", fds)
        finally:
            for fd in (*self.passed, *ends, *trees):
                os.close(fd)
            self.passed = []

    def _capture(self, ends: list[int]) -> int:
        read, write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(read, False)
        self.output[read] = bytearray()
        self.streams.append(read)
        ends.append(write)
        return write

    def take(self, fd: int) -> bool:
        """Read what is there of one stream; false when nothing more will come or is wanted."""
        most = int(self.limits["output"])
        data = self.output[fd]
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            return True
        data += chunk[: most + 1 - len(data)]
        if len(data) > most:
            self.stop("output")
            return False
        return bool(chunk)

    def disk_is_full(self) -> bool:
        """Whether the private ``/tmp`` has no room left."""
        room = os.fstatvfs(self.tmp)
        return room.f_bfree == 0 or room.f_ffree == 0

    def look(self, found: dict[int, usage.Process]) -> bool:
        """Stop it if it reached a limit. Returns whether it comes close to its memory."""
        if self.child is None or self.stopping:
            return False
        memory, cpu, tasks = self.meter.measure(found, self.child.pid, self.limits["memory"])
        if memory > self.limits["memory"]:
            self.stop("memory")
        elif cpu > self.limits["cpu"]:
            self.stop("cpu")
        elif tasks > self.limits["processes"]:
            self.stop("processes")
        elif self.disk_is_full():
            self.stop("disk")
        return memory * 2 > self.limits["memory"]

    def report(self, status: int, cpu: float) -> None:
        """Tell the client how it ended."""
        seconds = time.monotonic() - self.started
        # What was ended together with the job's first process is in nobody's count but ours.
        cpu = max(cpu, self.meter.cpu)
        if not self.stopping:
            self.limit = self._limit_by_status(status, cpu)
        texts = [bytes(self.output[fd][: int(self.limits["output"])]) for fd in self.streams]
        result: dict[str, Any] = {"status": status, "seconds": seconds, "cpu": cpu}
        result.update(limit=self.limit, sizes=[len(text) for text in texts])
        self._answer(result, b"".join(texts))

    def _limit_by_status(self, status: int, cpu: float) -> str | None:
        if status == -signal.SIGXFSZ or (status and self.disk_is_full()):
            return "disk"
        killed = status in (-signal.SIGKILL, -signal.SIGXCPU)
        return "cpu" if killed and cpu > self.limits["cpu"] else None

    def refuse(self, reason: str) -> None:
        """Tell the client that the job could not be started."""
        self._answer({"error": reason}, b"")

    def _answer(self, result: dict[str, Any], texts: bytes) -> None:
        # Output goes into a file in memory: a socket would wait for a client that never asks.
        fds: list[int] = []
        if texts:
            fds = [os.memfd_create("output", os.MFD_CLOEXEC)]
            with os.fdopen(os.dup(fds[0]), "wb") as file:
                file.write(texts)
        with suppress(OSError):  # the client may have lost interest
            kernel.send(self.control, json.dumps(result).encode(), fds)
        for fd in fds:
            os.close(fd)

    def close(self) -> None:
        """Give up all descriptors."""
        self.control.close()
        for fd in (*self.passed, *self.streams):
            os.close(fd)
        if self.tmp >= 0:
            os.close(self.tmp)


def _tree(path: str) -> int:
    tree = kernel.open_tree(os.fsencode(path))
    kernel.set_attributes(tree, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES)
    return tree


class Supervisor:
    """The loop.

    Args:
        client: requests come from here; its end is the end of everything.
        client_pid: a pidfd of the client process.
        zygote: replies of the zygote; requests to it.
        zygote_pid: a pidfd of the zygote.
        spare: how many prepared children to keep waiting.
    """

    def __init__(
        self,
        client: socket.socket,
        client_pid: int,
        zygote: socket.socket,
        zygote_pid: int,
        spare: int,
    ) -> None:
        self._client = client
        self._zygote = zygote
        self._spare = spare
        self._idle: deque[Child] = deque()
        self._waiting: deque[Job] = deque()
        self._coming: deque[socket.socket] = deque()
        self._jobs: dict[int, Job] = {}
        self._failures = 0
        self._next_look = 0.0
        self._poll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._on(client.fileno(), self._request)
        self._on(zygote.fileno(), self._news)
        self._on(client_pid, lambda: os._exit(0))
        self._on(zygote_pid, lambda: os._exit(1))

    def failure(self) -> str:
        """Prepare a first child; why that does not work, if it does not."""
        self._fork_ahead()
        while self._coming:
            self._news()
        child = self._idle[0]
        child.channel.setblocking(True)
        message = child.channel.recv(4096)
        child.channel.setblocking(False)
        if message == b"ready":
            return ""
        return message[5:].decode("utf-8", "replace") or "a prepared process ended"

    def run(self) -> None:
        """Serve until the client or the zygote is gone; does not return."""
        while True:
            for fd, _ in self._poll.poll(self._pause()):
                handler = self._handlers.get(fd)
                if handler is not None:  # else removed by a handler before it
                    handler()
            now = time.monotonic()
            for job in (*self._jobs.values(), *self._waiting):
                if now >= job.deadline:
                    self._expire(job)
            if self._jobs and now >= self._next_look:
                self._look(now)
            self._fork_ahead()

    def _on(self, fd: int, handler: Callable[[], None]) -> None:
        self._handlers[fd] = handler
        self._poll.register(fd, select.EPOLLIN)

    def _off(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def _pause(self) -> float:
        if not self._jobs and not self._waiting:
            return -1
        moments = [job.deadline for job in self._jobs.values() if not job.stopping]
        moments += [job.deadline for job in self._waiting]
        if self._jobs:
            moments.append(self._next_look)
        return max(0.0, min(moments) - time.monotonic())

    def _expire(self, job: Job) -> None:
        if job.child is not None:
            if not job.stopping:
                job.look(usage.processes())
            job.stop("wall")
        else:
            self._waiting.remove(job)
            self._refuse(job, "no process could be prepared in time")

    def _look(self, now: float) -> None:
        found = usage.processes()
        close = [job.look(found) for job in list(self._jobs.values())]
        self._next_look = now + (_CLOSE_LOOK if any(close) else _INTERVAL)

    def _fork_ahead(self) -> None:
        # While jobs run they should have the processors: one in reserve is enough until they end.
        spare = min(self._spare, 1) if self._jobs else self._spare
        wanted = spare + len(self._waiting) - len(self._idle) - len(self._coming)
        # Few enough that neither side ever waits for the other to empty its socket.
        for _ in range(min(wanted, _MOST_COMING - len(self._coming))):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.setblocking(False)
            kernel.send(self._zygote, b"fork", [theirs.fileno()])
            theirs.close()
            self._coming.append(ours)

    def _request(self) -> None:
        message, fds = kernel.receive(self._client)
        if not message:
            os._exit(0)  # and the kernel ends every job with this process
        job = Job(json.loads(message), fds[0], fds[1:])
        self._on(job.control.fileno(), lambda: self._interrupt(job))
        self._waiting.append(job)
        self._match()

    def _interrupt(self, job: Job) -> None:
        # The client has closed its end, for writing at least: it wants the job to end.
        self._off(job.control.fileno())
        if job.child is None:
            job.deadline = 0.0
        job.stop(None)

    def _news(self) -> None:
        message, fds = kernel.receive(self._zygote)
        if not message:
            os._exit(1)
        news = json.loads(message)
        if "forked" in news:
            self._idle.append(Child(news["forked"], fds[0], self._coming.popleft()))
            self._match()
        elif "ended" in news:
            status = os.waitstatus_to_exitcode(news["status"])
            self._ended(news["ended"], status, news["cpu"])

    def _match(self) -> None:
        while self._idle and self._waiting:
            job, child = self._waiting.popleft(), self._idle.popleft()
            try:
                job.start(child)
            except OSError as error:
                self._refuse(job, str(error))
                child.channel.shutdown(socket.SHUT_RDWR)
                continue
            self._jobs[child.pid] = job
            self._next_look = min(self._next_look, time.monotonic() + _INTERVAL)
            if len(self._jobs) == 1:
                self._next_look = time.monotonic() + _FIRST_LOOK
            for fd in job.streams:
                self._on(fd, partial(self._stream, job, fd))

    def _stream(self, job: Job, fd: int) -> None:
        if not job.take(fd):
            self._off(fd)

    def _refuse(self, job: Job, reason: str) -> None:
        self._off(job.control.fileno())
        job.refuse(reason)
        job.close()

    def _ended(self, pid: int, status: int, cpu: float) -> None:
        job = self._jobs.pop(pid, None)
        if job is None or job.child is None:
            self._idle_died(pid)
            return
        for fd in job.streams:
            while fd in self._handlers and not self._drained(job, fd):
                pass
            self._off(fd)
        self._off(job.control.fileno())
        failure = job.child.failure()
        if failure:
            job.refuse(failure)
        else:
            self._failures = 0
            job.report(status, cpu)
        job.child.close()
        job.close()

    @staticmethod
    def _drained(job: Job, fd: int) -> bool:
        before = len(job.output[fd])
        return not job.take(fd) or len(job.output[fd]) == before

    def _idle_died(self, pid: int) -> None:
        for child in [child for child in self._idle if child.pid == pid]:
            self._idle.remove(child)
            child.close()
        self._failures += 1
        if self._failures > _MOST_FAILURES:
            os._exit(1)
