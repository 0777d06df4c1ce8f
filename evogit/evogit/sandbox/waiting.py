"""A container that is started and waits for the one job it will ever run.

Starting a container takes a quarter of a second; telling a started one what to run takes a
millisecond. What must be known beforehand is its ``Shape``; command, variables and streams come later.

A shell of ours is its first program. It says ``ready``, reads a secret word, runs the script that the
host then wrote into the control folder, and says with that word how it ended. Two more things hold a container
to its worker: a second shell ends it as soon as the host's end of a pipe is closed, which the
kernel does however the worker dies, and its label, by which the next worker finds what was left.

The candidate runs under the same uid as these shells and may kill or stop them: then it has failed,
or the wall limit ends it. Time, memory and processes are counted outside.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job, Mount
from evogit.sandbox.cgroup import Counters, counters
from evogit.sandbox.engine import explained
from evogit.text import decode

CONTROL: Final = "/run/evogit"
OWN_TASKS: Final = 3
"""The engine's init and our two shells."""
SCRIPT: Final = f"""\
(read -r _ <{CONTROL}/life; kill -9 -1) </dev/null >/dev/null 2>&1 &
echo ready >{CONTROL}/end
IFS= read -r word || exit 125
. {CONTROL}/job
"""
_PIPES: Final = ("life", "end", "channel", "out", "err")
_READY_SECONDS: Final = 60.0
_READY: Final = b"ready\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """What must be known of a job before its container is created."""

    mounts: tuple[Mount, ...]
    memory: int
    processes: int
    disk: int

    @staticmethod
    def of(job: Job) -> Shape:
        """That of a job."""
        limits = job.limits
        return Shape(tuple(job.mounts), limits.memory, limits.processes, limits.disk)

    def sources(self) -> list[tuple[int, int]]:
        """Which folders the mounts lead to now. A folder that is mounted keeps its number."""
        status = [mount.source.stat() for mount in self.mounts]
        return [(one.st_dev, one.st_ino) for one in status]


class Control:
    """The host's side of a container's control folder.

    Args:
        parent: where it is made.
    """

    def __init__(self, parent: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="job-", dir=parent))
        self._undo = ExitStack()
        self._undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o711)
        for name in _PIPES:
            os.mkfifo(self.folder / name)
        # Open for writing, too, so that it never looks ended while nobody in there has it open.
        self.end = self._open("end", os.O_RDWR, self._undo)
        self.out = self._open("out", os.O_RDONLY, self._undo)
        self.err = self._open("err", os.O_RDONLY, self._undo)
        self._life = ExitStack()
        self._open("life", os.O_RDWR, self._life)
        for name in _PIPES:
            # A job that could hold the writing end of this one would outlive its worker.
            (self.folder / name).chmod(0o444 if name == "life" else 0o666)

    def _open(self, name: str, flags: int, undo: ExitStack) -> int:
        descriptor = os.open(self.folder / name, flags | os.O_NONBLOCK | os.O_CLOEXEC)
        undo.callback(os.close, descriptor)
        return descriptor

    def channel(self, undo: ExitStack) -> int:
        """A descriptor to read what the job writes to its channel; ``undo`` closes it."""
        return self._open("channel", os.O_RDONLY, undo)

    def write_script(self, script: str) -> None:
        """What the container will run."""
        path = self.folder / "job"
        path.write_text(script, encoding="utf-8", errors="surrogateescape")
        path.chmod(0o644)

    def said(self) -> bytes:
        """What came through the end pipe; anything in the container can write to it."""
        try:
            return os.read(self.end, 4096)
        except BlockingIOError:
            return b""

    def let_go(self) -> None:
        """Close the pipe whose end ends the container. Idempotent; for any thread."""
        self._life.close()

    def close(self) -> None:
        """Remove the folder. Idempotent."""
        self.let_go()
        self._undo.close()


class Waiting:
    """One started container, before its job. Owned by one thread at a time.

    Args:
        engine: a client of the docker library.
        shape: what it is made for.
        control: its control folder; closed by ``discard``.
        options: for the engine.
        undo: closed by ``discard``.

    Raises:
        EvaluatorError: the engine refuses it, or it does not get ready. Nothing is left then.
    """

    def __init__(
        self,
        engine: Any,
        shape: Shape,
        control: Control,
        options: dict[str, Any],
        undo: ExitStack,
    ) -> None:
        self.shape = shape
        self.control = control
        self._undo = undo
        with ExitStack() as failed:
            failed.callback(undo.close)
            failed.callback(control.close)
            self._sources = shape.sources()
            with explained(str(options["image"])):
                self.container: Any = engine.containers.create(**options)
                failed.callback(self._remove)
                self.socket = _attach(self.container, undo)
                self.container.start()
                self.container.reload()
            self._await_ready()
            self._find_leader(int(self.container.attrs["State"]["Pid"]))
            failed.pop_all()

    def _find_leader(self, pid: int) -> None:
        """Its first process, if it can be seen from here; all others end before that one does."""
        self.leader: int | None = None
        self.counters: Counters | None = None
        with suppress(OSError):
            self.leader = os.pidfd_open(pid)
            self._undo.callback(os.close, self.leader)
            # Looked at with the process held, so that its number can not have become another's.
            self.counters = counters(pid, str(self.container.id))
        if self.counters is None:
            self.leader = None

    def is_gone(self, seconds: float) -> bool:
        """Whether every process in it has ended; waits up to ``seconds`` for that."""
        ended = select.poll()
        ended.register(self.socket if self.leader is None else self.leader, select.POLLIN)
        until = time.monotonic() + seconds
        while ended.poll(max(until - time.monotonic(), 0) * 1000):
            # What comes through the socket is a shell's remark at most, until it ends.
            if self.leader is not None or not self._remark():
                return True
        return False

    def _remark(self) -> bytes:
        try:
            return self.socket.recv(2**16)
        except OSError:
            return b""

    def is_usable(self) -> bool:
        """Whether it still waits, and its mounts are still those of its shape."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        try:
            return not waiting.poll(0) and self._sources == self.shape.sources()
        except OSError:
            return False

    def discard(self) -> None:
        """Remove the container and what was prepared for it. Never raises; idempotent."""
        self._remove()
        self.control.close()
        self._undo.close()

    def _remove(self) -> None:
        # Whatever is wrong with the engine now, the result of the job is known.
        with suppress(Exception):
            self.container.remove(force=True, v=True)

    def _await_ready(self) -> None:
        waiting = select.poll()
        waiting.register(self.control.end, select.POLLIN)
        waiting.register(self.socket, select.POLLIN)
        deadline = time.monotonic() + _READY_SECONDS
        said = b""
        while _READY not in said:
            found = waiting.poll(max(deadline - time.monotonic(), 0) * 1000)
            said += self.control.said()
            if not found or (_READY not in said and any(fd != self.control.end for fd, _ in found)):
                raise EvaluatorError(
                    f"a container does not get ready: {self._last_words()}",
                    hint="the image needs /bin/sh; the engine must run on this machine's kernel",
                )

    def _last_words(self) -> str:
        self.socket.settimeout(0.1)
        with suppress(OSError):
            return decode(self.socket.recv(2000)[8:], 300) or "it ended at once"
        return "it says nothing"


def _attach(container: Any, undo: ExitStack) -> socket.socket:
    wanted = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    response = container.attach_socket(params=wanted)
    # Over a local or TCP connection the library wraps the socket it hijacked.
    raw = cast(socket.socket, getattr(response, "_sock", response))
    raw.settimeout(None)
    undo.callback(lambda: os.close(raw.detach()))  # several objects of the library share it
    return raw
