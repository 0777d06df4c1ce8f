"""The interface of a sandbox: start a job with limits, wait for how it ended, leave nothing behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from evogit.config.model import Limits

Limit = Literal["wall", "cpu", "memory", "processes", "output", "disk"]

_NO_VARIABLES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Mount:
    """A host file or folder visible inside at ``target``, read-only unless ``copy`` or ``writable``.

    ``copy`` gives the job a private writable copy (overlay or tmpfs); the host's is never changed.
    ``writable`` lets the job change the host's folder itself, which must be made for it alone.
    """

    source: Path
    target: str
    copy: bool = False
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One command to run inside a sandbox.

    Args:
        argv: the command. ``python`` and ``python3`` name the environment's interpreter.
        mounts: what it sees besides the system's read-only ``/usr``; ``/tmp`` is private and limited.
        cwd: its working directory, as seen inside.
        variables: its whole environment besides PATH, HOME and LANG.
        limits: reaching one kills the process tree at once.
        stdin: bytes, an open descriptor, or nothing (closed).
        stdout: an open descriptor to write to, or ``None`` to capture at most ``limits.output`` bytes.
        channel: an open descriptor that appears inside as descriptor 3 (a scorer writes its
            questions to the candidate there); no other descriptor is inherited.
        warm: may run in the warm fork server if ``argv`` is ``python[3] SCRIPT ARG...``.
        preload: modules a warm server imports before it forks.
        network: sees the host's network, loopback included; for tools a human chose, never for
            candidates. UNIX sockets stay out of reach where there is a sandbox.
        tool: an installed program that a human chose, such as a coding agent: its address space is
            not limited (what it touches is) and it may open many files.
        browser: a web browser: like a tool, and its processes may talk to each other by sockets
            that lead nowhere else. Never together with ``network``.
    """

    argv: Sequence[str]
    mounts: Sequence[Mount] = ()
    cwd: str = "/tmp"  # noqa: S108  # inside the sandbox, private to the job
    variables: Mapping[str, str] = field(default_factory=lambda: _NO_VARIABLES)
    limits: Limits = field(default_factory=Limits)
    stdin: bytes | int | None = None
    stdout: int | None = None
    channel: int | None = None
    warm: bool = False
    preload: Sequence[str] = ()
    network: bool = False
    tool: bool = False
    browser: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """How a job ended.

    ``status`` is the exit status, negative for a signal. ``limit`` names the limit that ended it,
    if one did. ``seconds`` is wall-clock and ``cpu_seconds`` user plus system time of the whole
    tree, both taken outside the sandbox by a clock the job can not reach.
    """

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    cpu_seconds: float
    limit: Limit | None = None


class Running(Protocol):
    """A started job. One thread may wait while another kills."""

    def wait(self) -> Completed:
        """Block until the whole process tree is gone; idempotent.

        Ends by itself: the limits hold whether or not anybody waits.
        """
        ...

    def kill(self) -> None:
        """End the whole process tree with SIGKILL; ``wait`` then returns. Idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a sandbox works on this machine, and what to do if it does not."""

    works: bool
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every job of one swarm sees, from the spec's ``[environment]``.

    Args:
        python: the interpreter as seen inside and outside (same absolute path).
        paths: host folders mounted read-only at the same place (the interpreter's prefix, set-up).
        variables: added to every job's environment.
        digest: names this environment in the cache key (tenet 5).
        named: whether the spec names the interpreter; if not, a container uses its image's.
    """

    python: Path
    paths: Sequence[Path] = ()
    variables: Mapping[str, str] = field(default_factory=lambda: _NO_VARIABLES)
    digest: str = ""
    named: bool = False


class Sandbox(Protocol):
    """Starts jobs. Thread-safe: the agents of a worker share one."""

    name: str

    def probe(self) -> Probe:
        """Try a trivial job for real and say what happened; never raises."""
        ...

    def start(self, job: Job) -> Running:
        """Start ``job``.

        Raises:
            EvaluatorError: the sandbox itself can not start (not: the job failed).
        """
        ...

    def close(self) -> None:
        """End everything this sandbox started, servers included. Idempotent."""
        ...
