"""One job in a container: its streams, its limits, and how it ended."""

from __future__ import annotations

import os
import re
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from signal import NSIG, SIGKILL
from typing import Any, Final, cast

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Completed, Job, Limit
from evogit.sandbox.container_meter import SIGNALLED, ContainerMeter
from evogit.sandbox.relay import chunks, relay, send_all
from evogit.sandbox.waiting import Waiting
from evogit.text import clean_line

_FIRST_LOOK: Final = 0.02
_REPORT: Final = 64  # more bytes than a report has
_KILL_INTERVAL: Final = 1.0
_END_SECONDS: Final = 0.1  # until a container that should end by itself is killed
_LOST_SECONDS: Final = 60.0  # until one that does not even die is given up
_JOIN: Final = 1.0  # for a helper, which could be stuck in a caller's full pipe


class ContainedJob:
    """A job in a container that waited for it. Implements ``Running``, once it was begun.

    Args:
        waiting: the container; whoever made it removes it after ``on_end``.
        job: what runs in it. Its descriptors are duplicated, so the caller may close them.
        on_end: called when every process is gone.
    """

    def __init__(
        self,
        waiting: Waiting,
        job: Job,
        *,
        on_end: Callable[[ContainedJob], None],
    ) -> None:
        self.waiting = waiting
        self._limits = job.limits
        self._on_end = on_end
        self._lock = threading.Lock()
        self._stopping = False
        self._limit: Limit | None = None
        self._result: Completed | BaseException | None = None
        self._gone = threading.Event()
        self._done = threading.Event()
        self._captured = bytearray(), bytearray()
        self._word = secrets.token_hex(16).encode()
        self._said = b""
        self._meter = ContainerMeter(waiting, job.limits)
        with ExitStack() as undo:
            self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            undo.callback(os.close, self._wake)
            streams = [*self._outputs(job, undo), *self._inputs(job, undo)]
            self._helpers = [threading.Thread(target=run, daemon=True) for run in streams]
            self._undo = undo.pop_all()

    def begin(self, script: str) -> None:
        """Let the container's shell run ``script``; called once, by whoever made this.

        Raises:
            EvaluatorError: the container is gone; ``on_end`` is not called then.
        """
        try:
            self._begin(script)
        except BaseException:
            self._undo.close()
            self._done.set()
            raise
        for helper in self._helpers:
            helper.start()
        threading.Thread(target=self._supervise, daemon=True).start()

    def wait(self) -> Completed:
        """Block until every process in the container is gone; idempotent.

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
        """Block until every process is gone, however it ended."""
        self._done.wait()

    def _outputs(self, job: Job, undo: ExitStack) -> list[Callable[[], None]]:
        # Ours, for a helper may outlive the container's folder.
        control, (out, err) = self.waiting.control, self._captured
        from_out, from_err = _duplicate(control.out, undo), _duplicate(control.err, undo)
        if job.stdout is None:
            return [partial(self._read, from_out, out), partial(self._read, from_err, err)]
        write = _duplicate(job.stdout, undo)
        return [partial(self._pass_on, from_out, write), partial(self._read, from_err, err)]

    def _inputs(self, job: Job, undo: ExitStack) -> list[Callable[[], None]]:
        found: list[Callable[[], None]] = []
        if job.channel is not None:
            ends = undo.enter_context(ExitStack())
            read, write = self.waiting.control.channel(ends), _duplicate(job.channel, ends)
            found.append(lambda: relay(read, write, ends, self._gone))
        if job.stdin is not None:
            data = _duplicate(job.stdin, undo) if isinstance(job.stdin, int) else job.stdin
            found.append(lambda: self._feed(data))
        return found

    def _begin(self, script: str) -> None:
        self._meter.begin()
        self.waiting.control.write_script(script)
        self._started = time.monotonic()
        try:
            self.waiting.socket.sendall(self._word + b"\n")
        except OSError as error:
            raise EvaluatorError(f"a container ended before its job: {error.strerror}") from error

    def _stop(self, limit: Limit | None) -> None:
        with self._lock:
            if self._stopping or self._done.is_set():
                return
            self._stopping, self._limit = True, limit
            os.eventfd_write(self._wake, 1)
        self.waiting.control.let_go()

    def _supervise(self) -> None:
        try:
            self._result = self._follow()
        except BaseException as error:  # noqa: BLE001  # whoever waits must learn of it
            self._result = error
        finally:
            with self._lock:
                self._stopping = True  # from here on there is nothing to stop
            self._drain()
            if any(helper.is_alive() for helper in self._helpers):
                threading.Thread(target=self._clear, daemon=True).start()
            else:
                self._clear()
            self.waiting.control.close()
            self._on_end(self)
            self._done.set()

    def _drain(self) -> None:
        """Let the helpers pass on what is left in the pipes. Idempotent."""
        if not self._gone.is_set():
            self._gone.set()
            with suppress(OSError):  # wakes one that writes to it
                self.waiting.socket.shutdown(socket.SHUT_RDWR)
            for helper in self._helpers:
                helper.join(_JOIN)

    def _clear(self) -> None:
        # Not before: a helper stuck in a full pipe would go on writing to whatever is opened next.
        for helper in self._helpers:
            helper.join()
        self._undo.close()

    def _follow(self) -> Completed:
        said = self._until_the_command_ends()
        seconds = time.monotonic() - self._started
        limit = None if said is None else self._meter.reached_by_the_end(said)
        self._end()
        self._drain()
        if self._is_over() and not self._stopping:
            return self._completed(-SIGKILL, seconds, "output")
        if self._stopping:
            return self._completed(-SIGKILL, seconds, self._limit)
        if said is None or (said == SIGNALLED + SIGKILL and limit is None):
            state = self._state()
            said = int(state["ExitCode"]) if said is None else said
            limit = "memory" if state.get("OOMKilled") else None
        status = SIGNALLED - said if SIGNALLED < said <= SIGNALLED + NSIG else said
        return self._completed(status, seconds, limit or self._meter.reached_by_signal(status))

    def _completed(self, status: int, seconds: float, limit: Limit | None) -> Completed:
        out, err = (bytes(captured[: self._limits.output]) for captured in self._captured)
        return Completed(status, out, err, seconds, self._meter.cpu, limit)

    def _until_the_command_ends(self) -> int | None:
        """The status our shell reports; ``None`` if it was gone before it could, or was stopped."""
        events = select.poll()
        for descriptor in (self._wake, self.waiting.control.end, self._ending()):
            events.register(descriptor, select.POLLIN)
        deadline = self._started + self._limits.wall
        look = self._started + _FIRST_LOOK
        while not self._stopping:
            pause = min(look, deadline) - time.monotonic()
            found = {descriptor for descriptor, _ in events.poll(max(pause, 0) * 1000)}
            if self.waiting.control.end in found:
                status = self._reported(self.waiting.control.said())
                if status is not None:
                    return status
            if self._ending() in found and self.waiting.is_gone(0):
                return None
            if self._wake in found:
                os.eventfd_read(self._wake)
                if self._is_over():
                    self._stop("output")
            look = self._look(look, deadline)
        return None

    def _reported(self, said: bytes) -> int | None:
        """The status that our shell reported; what lacks the word comes from the job."""
        self._said += said
        found = re.search(rb"%s (\d{1,3})\n" % self._word, self._said)
        self._said = self._said[-_REPORT:]
        return None if found is None else int(found[1])

    def _ending(self) -> int:
        """What becomes readable when the container ends."""
        leader = self.waiting.leader
        return self.waiting.socket.fileno() if leader is None else leader

    def _look(self, look: float, deadline: float) -> float:
        """Stop it if it reached a limit; returns the time of the next look."""
        now = time.monotonic()
        if now >= deadline:
            self._stop("wall")
        if now < look:
            return look
        limit = self._meter.reached()
        if limit is not None:
            self._stop(limit)
        return now + self._meter.interval

    def _end(self) -> None:
        """Wait until every process is gone. They end with our shells, unless they stop those."""
        self.waiting.control.let_go()
        deadline = time.monotonic() + _LOST_SECONDS
        patience = _END_SECONDS
        while not self.waiting.is_gone(patience):
            with suppress(Exception):  # it ended by itself meanwhile; its removal is forced
                self.waiting.container.kill()
            if time.monotonic() > deadline:
                raise EvaluatorError("a container does not die")
            patience = _KILL_INTERVAL

    def _state(self) -> dict[str, Any]:
        while True:
            self.waiting.container.reload()
            state = cast("dict[str, Any]", self.waiting.container.attrs["State"])
            if not state["Running"]:
                return state
            time.sleep(0.005)  # the processes end a moment before the engine knows

    def _read(self, pipe: int, captured: bytearray) -> None:
        """Keep what the job prints, up to the limit; with more in its pipe it waits for its end."""
        for data in chunks(pipe, self._gone):
            captured += data[: self._limits.output + 1 - len(captured)]
            if len(captured) > self._limits.output:
                os.eventfd_write(self._wake, 1)
                return

    def _pass_on(self, pipe: int, write: int) -> None:
        for data in chunks(pipe, self._gone):
            with suppress(BrokenPipeError):
                send_all(write, data)

    def _is_over(self) -> bool:
        return any(len(captured) > self._limits.output for captured in self._captured)

    def _feed(self, source: bytes | int) -> None:
        """Send standard input, then its end."""
        with suppress(OSError):
            if isinstance(source, bytes):
                self.waiting.socket.sendall(source)
            else:
                for data in chunks(source, self._gone):
                    self.waiting.socket.sendall(data)
            self.waiting.socket.shutdown(socket.SHUT_WR)


def _duplicate(fd: int, undo: ExitStack) -> int:
    ours = os.dup(fd)
    undo.callback(os.close, ours)
    return ours
