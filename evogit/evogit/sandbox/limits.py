"""What ``Limits`` means to the kernel: the resource limits every sandbox sets."""

from __future__ import annotations

import math
import resource
from typing import Final

from evogit.config.model import Limits

OPEN_FILES: Final = 256
_TOOL_FILES: Final = 4096
MAX_FILES: Final = 20_000
"""More new files than this in a job's scratch space count as reaching the disk limit: each costs
kernel memory even when it is empty."""
_RESERVE: Final = 4 * 2**30
"""Address space beyond ``limits.memory``. Interpreters reserve far more than they touch (thread
stacks, malloc arenas, BLAS buffers, V8's heap); what is touched is measured and limited."""
_SIGNALS: Final = 4096
SPARE_PROCESSES: Final = 2
"""Let the kernel allow this many more than ``limits.processes``, so that going over can be seen
and reported instead of only failing inside."""


def resource_limits(limits: Limits, *, tool: bool = False) -> dict[int, int]:
    """The ``RLIMIT_*`` values (soft = hard) of every process of a job.

    ``RLIMIT_NPROC`` counts all processes of the user unless it is set inside a user namespace that
    holds nothing but the job, and is ignored for root; see :func:`with_processes`.

    Args:
        limits: those of the job.
        tool: as ``Job.tool`` says. (WebAssembly in V8 reserves 10 GB of address space per module.)
    """
    found = {
        # Whole seconds and one process only; the supervisor watches the tree more closely.
        resource.RLIMIT_CPU: math.ceil(limits.cpu) + 1,
        resource.RLIMIT_AS: limits.memory + _RESERVE,
        resource.RLIMIT_FSIZE: limits.disk,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        # No core file fits into one byte, and only for exactly 1 (not for 0) does the kernel leave
        # out a core_pattern that is a program, which it would start as root on the host.
        resource.RLIMIT_CORE: 1,
        # Each POSIX timer and queued signal takes kernel memory that counts to no process; the
        # kernel's own limit grows with the size of the machine.
        resource.RLIMIT_SIGPENDING: _SIGNALS,
    }
    if tool:
        del found[resource.RLIMIT_AS]
        found[resource.RLIMIT_NOFILE] = _TOOL_FILES
    return found


def with_processes(limits: Limits, others: int = 0, *, tool: bool = False) -> dict[int, int]:
    """:func:`resource_limits` and ``RLIMIT_NPROC``, for use inside the job's own user namespace.

    Args:
        limits: those of the job.
        others: processes in that namespace that are not the job's, such as its init.
        tool: as ``Job.tool`` says.
    """
    most = limits.processes + others + SPARE_PROCESSES
    return {**resource_limits(limits, tool=tool), resource.RLIMIT_NPROC: most}


_OPTIONS: Final = {
    resource.RLIMIT_CPU: "cpu",
    resource.RLIMIT_AS: "as",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_NOFILE: "nofile",
    resource.RLIMIT_CORE: "core",
    resource.RLIMIT_SIGPENDING: "sigpending",
    resource.RLIMIT_NPROC: "nproc",
}


def prlimit_command(values: dict[int, int]) -> list[str]:
    """``prlimit --cpu=3:3 … --``: sets the limits on itself and becomes the command after it."""
    options = [f"--{_OPTIONS[key]}={n}:{n}" for key, n in _allowed(values).items()]
    return ["prlimit", *options, "--"]


def apply(values: dict[int, int]) -> None:
    """Set the limits on the calling process, for a child that was forked from Python."""
    for key, number in _allowed(values).items():
        resource.setrlimit(key, (number, number))


def _allowed(values: dict[int, int]) -> dict[int, int]:
    # A batch system or container may have set lower hard limits, which nobody may raise again.
    hard = {key: resource.getrlimit(key)[1] for key in values}
    return {
        key: n if hard[key] == resource.RLIM_INFINITY else min(n, hard[key])
        for key, n in values.items()
    }
