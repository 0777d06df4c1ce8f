"""Runs Python jobs in forks of an interpreter that has their modules imported already.

A fresh process in fresh namespaces for a fraction of the price of starting an interpreter; what it
may see and do is what a bubblewrap job may. Everything that can not run warm runs in the sandbox
this one wraps.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from signal import SIGKILL
from typing import Final

from evogit.errors import EvaluatorError, EvoGitError
from evogit.sandbox import forkserver_kernel as kernel
from evogit.sandbox.base import Completed, Job, Probe, Running, Runtime, Sandbox
from evogit.sandbox.profile import check_mounts
from evogit.sandbox.warm_server import Flavour, Server, startup_variables, too_large

_WEAKER_OR_EQUAL: Final = frozenset({"bubblewrap", "process"})
"""Sandboxes whose isolation a warm job at least matches; others (containers) stay in charge."""
_MOST_SERVERS: Final = 8
_HINT: Final = "run the evaluation again; if it happens often, set warm = false for the stage"


class WarmSandbox:
    """Sends jobs with ``warm`` to fork servers and all others to ``inner``. Thread-safe.

    Args:
        inner: what runs everything else, and everything if warm jobs do not work here.
        runtime: the interpreter, folders and variables every job gets; the same as ``inner``'s.
    """

    def __init__(self, inner: Sandbox, runtime: Runtime) -> None:
        self.name = f"{inner.name}+warm"
        self._inner = inner
        self._runtime = runtime
        self._lock = threading.Lock()
        self._servers: dict[Flavour, _Slot] = {}
        self._closed = False

    def probe(self) -> Probe:
        """Say whether ``inner`` works, and in ``reason`` why jobs would not run warm; never raises."""
        probe = self._inner.probe()
        if not probe.works:
            return probe
        reason = self._why_cold(Job(["python", "-"], warm=True))
        return Probe(works=True, reason=f"warm start is off: {reason}" if reason else "")

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: the sandbox itself can not start (not: the job failed).
        """
        if not _fits(job):
            return self._inner.start(job)
        check_mounts(job)
        slot = self._slot(job)
        if slot is None:
            return self._inner.start(job)
        for _ in range(2):  # a server that died is replaced once
            server = slot.server(self._runtime)
            if server is None:
                break
            try:
                return _WarmJob(server.submit(job), job, self._inner)
            except (BrokenPipeError, ConnectionResetError):
                slot.discard(server)
            except OSError:
                break
        return self._inner.start(job)

    def close(self) -> None:
        """End everything this sandbox started, servers included. Idempotent."""
        with self._lock:
            self._closed = True
            slots, self._servers = list(self._servers.values()), {}
        for slot in slots:
            slot.close()
        self._inner.close()

    def server_pids(self) -> list[int]:
        """The process ids of the servers that run now."""
        with self._lock:
            slots = list(self._servers.values())
        return [pid for slot in slots if (pid := slot.pid()) is not None]

    def _why_cold(self, job: Job) -> str:
        slot = self._slot(job)
        if slot is None:
            return f"{self._inner.name} isolates more than a fork server can"
        slot.server(self._runtime)
        return slot.failure

    def _slot(self, job: Job) -> _Slot | None:
        if self._inner.name not in _WEAKER_OR_EQUAL:
            return None
        flavour = Flavour(tuple(job.preload), startup_variables(job, self._runtime))
        with self._lock:
            if self._closed:
                raise EvaluatorError("the sandbox is closed")
            if flavour not in self._servers:
                if len(self._servers) >= _MOST_SERVERS:
                    return None
                self._servers[flavour] = _Slot(flavour)
            return self._servers[flavour]


class _Slot:
    """The server of one flavour: started when first needed, again when it died."""

    def __init__(self, flavour: Flavour) -> None:
        self.failure = ""
        self._flavour = flavour
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._closed = False

    def server(self, runtime: Runtime) -> Server | None:
        """The running server, or ``None`` if it can not be started; ``failure`` then says why."""
        with self._lock:
            if self._closed or self.failure:
                return None
            if self._server is None:
                try:
                    self._server = Server(runtime, self._flavour)
                except (EvoGitError, OSError) as error:
                    self.failure = str(error)
            return self._server

    def discard(self, server: Server) -> None:
        """``server`` was found dead."""
        with self._lock:
            if self._server is server:
                self._server = None
                server.close()

    def pid(self) -> int | None:
        """The server's process id, if it runs."""
        with self._lock:
            return self._server.pid if self._server is not None else None

    def close(self) -> None:
        """End the server."""
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.close()
                self._server = None


class _WarmJob:
    """A job in a fork server. Implements ``Running``."""

    def __init__(self, control: socket.socket, job: Job, inner: Sandbox) -> None:
        self._control = control
        self._job = job
        self._inner = inner
        self._waiting = threading.Lock()
        self._state = threading.Lock()
        self._killed = False
        self._cold: Running | None = None
        self._result: Completed | EvaluatorError | None = None

    def wait(self) -> Completed:
        """Block until the whole process tree is gone; idempotent.

        Raises:
            EvaluatorError: the server died with the job, which can not be repeated.
        """
        with self._waiting:
            if self._result is None:
                try:
                    self._result = self._receive()
                except EvaluatorError as error:
                    self._result = error
                self._control.close()
        if isinstance(self._result, EvaluatorError):
            raise self._result
        return self._result

    def kill(self) -> None:
        """End the whole process tree with SIGKILL. Idempotent."""
        with self._state:
            self._killed = True
            if self._cold is not None:
                self._cold.kill()
        with suppress(OSError):  # closed: it has ended
            # Not a message: one that is never read would make the kernel discard the report.
            self._control.shutdown(socket.SHUT_WR)

    def _receive(self) -> Completed:
        try:
            message, descriptors = kernel.receive(self._control)
        except ConnectionResetError:
            message, descriptors = b"", []
        report = json.loads(message or b'{"error": ""}')
        if "error" in report:
            return self._without_server(started=not report["error"])
        texts = _read_all(descriptors[0]) if descriptors else b""
        *first, second = report["sizes"]
        middle = sum(first)
        return Completed(
            status=report["status"],
            stdout=texts[:middle],
            stderr=texts[middle : middle + second],
            seconds=report["seconds"],
            cpu_seconds=report["cpu"],
            limit=report["limit"],
        )

    def _without_server(self, *, started: bool) -> Completed:
        """Repeat the job in the wrapped sandbox, unless that could do something twice."""
        job = self._job
        if started and (
            isinstance(job.stdin, int) or job.stdout is not None or job.channel is not None
        ):
            raise EvaluatorError("the fork server died with a job in flight", hint=_HINT)
        with self._state:
            if self._killed:
                return Completed(-SIGKILL, b"", b"", 0.0, 0.0)
            self._cold = self._inner.start(job)
        return self._cold.wait()


def _fits(job: Job) -> bool:
    return (
        job.warm
        and len(job.argv) > 1
        and job.argv[0] in {"python", "python3"}
        and not job.argv[1].startswith("-")
        and not any(mount.copy for mount in job.mounts)
        and not too_large(job)
    )


def _read_all(fd: int) -> bytes:
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return file.read()
