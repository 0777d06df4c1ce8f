"""One job in a container: its streams, its limits, and how it ended."""

from __future__ import annotations

import importlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import NSIG, SIGKILL, SIGXFSZ
from typing import Any, Final, cast

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Limit
from evogit.text import clean_line

_INTERVAL: Final = 0.25  # an answer about usage costs the engine several milliseconds
_FIRST_LOOK: Final = 0.05
_PATIENCE: Final = 50  # milliseconds until a stream looks whether the job has ended
_JOIN: Final = 1.0  # seconds for a helper, which could be stuck in a caller's full pipe
_CHUNK: Final = 2**16
_STDOUT: Final = 1  # numbers in the engine's multiplexed stream
_SIGNALLED: Final = 128  # the engine reports death by signal N as status 128 + N


class ContainedJob:
    """A running container. Implements ``Running``; removes the container at the end.

    Args:
        container: created, not started, of the docker library.
        job: what runs in it. Its descriptors are duplicated, so the caller may close them.
        tasks: more than this many tasks in it are too many; the engine's init is one.
        fifo: where the job's channel arrives, if it has one.
        undo: closed at the end; removes the container and what was prepared for it.
        on_end: called last.

    Raises:
        EvaluatorError: the engine can not start it.
    """

    def __init__(
        self,
        container: Any,
        job: Job,
        *,
        tasks: int,
        fifo: Path | None,
        undo: ExitStack,
        on_end: Callable[[ContainedJob], None],
    ) -> None:
        self._container = container
        self._limits = job.limits
        self._tasks = tasks
        self._on_end = on_end
        self._lock = threading.Lock()
        self._stopping = False
        self._limit: Limit | None = None
        self._result: Completed | BaseException | None = None
        self._closed_streams = threading.Event()
        self._wake = threading.Event()
        self._done = threading.Event()
        self._captured = {1: bytearray(), 2: bytearray()}
        self._stdout = None if job.stdout is None else _duplicate(job.stdout, undo)
        self._cpu = 0.0
        streams: list[Callable[[], None]] = []
        if fifo is not None and job.channel is not None:
            read = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            write = os.dup(job.channel)
            streams.append(lambda: _relay(read, write, self._closed_streams))
        try:
            self._socket = _attach(container, undo)
            self._started = time.monotonic()
            container.start()
        except Exception as error:
            raise EvaluatorError(
                clean_line(f"the container engine can not start a job: {error}", 400),
                hint="evogit doctor shows what works on this machine",
            ) from error
        if job.stdin is not None:
            data = _duplicate(job.stdin, undo) if isinstance(job.stdin, int) else job.stdin
            streams.append(lambda: self._feed(data))
        self._undo = undo.pop_all()
        self._helpers = [threading.Thread(target=s, daemon=True) for s in [self._read, *streams]]
        for helper in self._helpers:
            helper.start()
        threading.Thread(target=self._supervise, daemon=True).start()

    def wait(self) -> Completed:
        """Block until the container is gone; idempotent.

        Raises:
            EvaluatorError: the engine lost it.
        """
        self._done.wait()
        if isinstance(self._result, Completed):
            return self._result
        raise EvaluatorError(
            clean_line(f"the container engine lost a job: {self._result}")
        ) from self._result

    def kill(self) -> None:
        """End every process in the container. Idempotent."""
        self._stop(None)

    def finished(self) -> None:
        """Block until the container is gone, however it ended."""
        self._done.wait()

    def _stop(self, limit: Limit | None) -> None:
        with self._lock:
            if self._stopping or self._done.is_set():
                return
            self._stopping, self._limit = True, limit
        with suppress(Exception):  # it ended by itself meanwhile; the removal at the end is forced
            self._container.kill()

    def _supervise(self) -> None:
        try:
            self._result = self._follow()
        except BaseException as error:  # noqa: BLE001  # whoever waits must learn of it
            self._result = error
        finally:
            self._closed_streams.set()
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes helpers that read or write it
            for helper in self._helpers:
                helper.join(_JOIN)
            self._undo.close()
            self._done.set()
            self._on_end(self)

    def _follow(self) -> Completed:
        look = self._started + _FIRST_LOOK
        deadline = self._started + self._limits.wall
        # The streams end with the container: its init holds them open until then.
        while not self._closed_streams.is_set():
            self._wake.wait(max(min(look, deadline) - time.monotonic(), 0))
            self._wake.clear()
            now = time.monotonic()
            if self._is_over():
                self._stop("output")
            if now >= deadline:
                self._stop("wall")
                deadline = now + _INTERVAL
            if now >= look:
                self._look()
                look = time.monotonic() + _INTERVAL
        seconds = time.monotonic() - self._started
        return self._completed(self._state(), seconds)

    def _look(self) -> None:
        try:
            api = self._container.client.api
            used = cast(
                "dict[str, Any]", api.stats(self._container.id, stream=False, one_shot=True)
            )
            self._cpu = max(self._cpu, used["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9)
            tasks = used["pids_stats"].get("current", 0)
        except Exception:  # noqa: BLE001  # it has just ended; its streams will tell
            return
        if self._cpu > self._limits.cpu:
            self._stop("cpu")
        elif tasks > self._tasks:
            self._stop("processes")

    def _state(self) -> dict[str, Any]:
        while True:
            self._container.reload()
            state = cast("dict[str, Any]", self._container.attrs["State"])
            if not state["Running"]:
                return state
            time.sleep(0.005)  # the streams close a moment before the state changes

    def _completed(self, state: dict[str, Any], seconds: float) -> Completed:
        status, limit = int(state["ExitCode"]), self._limit
        if _SIGNALLED < status <= _SIGNALLED + NSIG:
            status = _SIGNALLED - status
        if limit is None and state.get("OOMKilled"):
            limit = "memory"
        elif not self._stopping and status == -SIGXFSZ:
            limit = "disk"
        elif not self._stopping and status == -SIGKILL and seconds > self._limits.cpu:
            limit = "cpu"
        most = self._limits.output
        out, err = (bytes(self._captured[stream][:most]) for stream in (1, 2))
        return Completed(status, out, err, seconds, self._cpu, limit)

    def _read(self) -> None:
        """Take the container's output apart until it ends."""
        library: Any = importlib.import_module("docker.utils.socket")
        frames: Iterator[tuple[int, bytes]] = library.frames_iter(self._socket, tty=False)
        try:
            for stream, data in frames:
                self._keep(stream, data)
        except (OSError, ValueError):  # the connection broke: the container is being removed
            pass
        finally:
            self._closed_streams.set()
            self._wake.set()

    def _is_over(self) -> bool:
        return any(len(data) > self._limits.output for data in self._captured.values())

    def _keep(self, stream: int, data: bytes) -> None:
        if stream == _STDOUT and self._stdout is not None:
            with suppress(BrokenPipeError):
                while data:
                    data = data[os.write(self._stdout, data) :]
            return
        captured = self._captured[stream]
        captured += data[: self._limits.output + 1 - len(captured)]
        if len(captured) > self._limits.output:
            # Not killed from here: the engine answers only if somebody goes on reading.
            self._wake.set()

    def _feed(self, source: bytes | int | None) -> None:
        """Send standard input, then its end."""
        with suppress(OSError):
            if isinstance(source, bytes):
                self._socket.sendall(source)
            elif source is not None:
                for data in _chunks(source, self._closed_streams):
                    self._socket.sendall(data)
            self._socket.shutdown(socket.SHUT_WR)


def _duplicate(fd: int, undo: ExitStack) -> int:
    ours = os.dup(fd)
    undo.callback(os.close, ours)
    return ours


def _attach(container: Any, undo: ExitStack) -> socket.socket:
    wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    response = container.attach_socket(params=wanted)
    # Over a local or TCP connection the library wraps the socket it hijacked.
    raw = cast(socket.socket, getattr(response, "_sock", response))
    raw.settimeout(None)
    undo.callback(lambda: os.close(raw.detach()))  # several objects of the library share it
    return raw


def _chunks(fd: int, ended: threading.Event) -> Iterator[bytes]:
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


def _relay(read: int, write: int, ended: threading.Event) -> None:
    """Pass on what the job writes to its channel; closing one end closes the other."""
    try:
        with suppress(OSError):
            for data in _chunks(read, ended):
                rest = data
                while rest:
                    rest = rest[os.write(write, rest) :]
    finally:
        os.close(read)
        os.close(write)
