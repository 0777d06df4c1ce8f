"""Starts a child process with exactly the descriptors it should have, and nothing else of ours."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from evogit.errors import EvaluatorError
from evogit.sandbox.base import Job

_ABOVE: Final = 64  # descriptors are first moved up here, so that no number is taken twice

_NOTHING: Final[Mapping[str, str]] = {}


def spawn(
    argv: Sequence[str], descriptors: Mapping[int, int], variables: Mapping[str, str] = _NOTHING
) -> int:
    """Start ``argv`` in its own session; returns its process id.

    The caller must wait for it. ``posix_spawn`` rather than ``fork``: safe in a process with many
    threads, and its cost does not grow with our memory.

    Args:
        argv: an absolute program and its arguments.
        descriptors: number in the child (below 64) to an open descriptor of ours, which stays open
            here. Everything else is closed in the child.
        variables: its whole environment.

    Raises:
        EvaluatorError: the program can not be started.
    """
    with ExitStack() as moved:
        actions: list[tuple[int, int, int] | tuple[int, int]] = []
        for number, ours in descriptors.items():
            high = fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
            moved.callback(os.close, high)
            actions.append((os.POSIX_SPAWN_DUP2, high, number))
        actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable() if fd not in descriptors]
        try:
            return os.posix_spawn(
                argv[0],
                list(argv),
                dict(variables),
                file_actions=actions,
                setsid=True,
                setsigmask=[],
                setsigdef=_all_signals(),
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            raise EvaluatorError(
                f"{argv[0]} can not be started: {error}", hint="check that it is installed"
            ) from error


def sealed(data: bytes) -> int:
    """A descriptor to read ``data`` from; nobody can change or grow what is behind it."""
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        everything = (
            fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        )
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, everything)
    except OSError:
        os.close(fd)
        raise
    return fd


@dataclass(frozen=True, slots=True)
class Streams:
    """A job's standard streams: what the child gets, and the read ends that stay with us."""

    child: dict[int, int]
    stdout: int | None
    stderr: int


@contextmanager
def streams(job: Job) -> Generator[Streams]:
    """Open what ``job`` needs. The child's ends are closed afterwards, ours only on an error."""
    with ExitStack() as ours, ExitStack() as given:
        stderr, stderr_end = pipe(ours, given)
        child = {0: _standard_input(job.stdin, given), 2: stderr_end}
        stdout = None
        if job.stdout is None:
            stdout, child[1] = pipe(ours, given)
        else:
            child[1] = job.stdout
        if job.channel is not None:
            child[3] = job.channel
        yield Streams(child, stdout, stderr)
        ours.pop_all()


def pipe(reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    """A pipe (read end, write end), each end closed by its stack."""
    read, write = os.pipe2(os.O_CLOEXEC)
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


def _standard_input(source: bytes | int | None, closing: ExitStack) -> int:
    if isinstance(source, int):
        return source
    fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) if source is None else sealed(source)
    closing.callback(os.close, fd)
    return fd


def _inheritable() -> Iterable[int]:
    # Python's own descriptors are never inherited, but a C library may have opened others.
    found: list[int] = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # on every start
        fd = int(name)
        with suppress(OSError):  # closed meanwhile, such as the one listdir used
            if fd > 2 and os.get_inheritable(fd):
                found.append(fd)
    return found


def _all_signals() -> Iterable[int]:
    return signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
