"""What a process and its descendants use, read from /proc by the host's clock and counters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of ``/proc/PID/stat``. ``started`` tells it from a later process of the same id."""

    pid: int
    started: int
    own_cpu: float
    waited_cpu: float
    threads: int
    resident: int
    session: int
    dead: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree uses now; ``cpu`` includes descendants that ended."""

    memory: int
    cpu: float
    tasks: int


def children(pid: int) -> list[int]:
    """The direct children of a process, whichever of its threads started them."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  # a hundred times a second
            found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        return found
    return found


def descendants(pid: int) -> Iterator[int]:
    """Every process below ``pid``, which is not included; those that end meanwhile may be."""
    waiting, seen = children(pid), {pid}
    while waiting:
        child = waiting.pop()
        if child not in seen:
            seen.add(child)
            yield child
            waiting += children(child)


def process(pid: int) -> Process | None:
    """The process, or ``None`` if it is gone."""
    try:
        # The name in parentheses may hold spaces and parentheses of its own.
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return Process(
            pid,
            started=int(fields[19]),
            own_cpu=(int(fields[11]) + int(fields[12])) * _TICK,
            waited_cpu=(int(fields[13]) + int(fields[14])) * _TICK,
            threads=int(fields[17]),
            resident=int(fields[21]) * _PAGE,
            session=int(fields[3]),
            dead=fields[0] in (b"Z", b"X"),
        )
    except (OSError, IndexError, ValueError):
        return None


def proportional_memory(pid: int) -> int | None:
    """Resident memory with shared pages divided among their users, if the kernel tells us."""
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


@dataclass(slots=True)
class Meter:
    """Measures one tree again and again. Not thread-safe, but ``seen`` may be called meanwhile.

    Args:
        root: the first process of the tree.
        ours: how many of its processes are the sandbox's own; the root is then not counted, and
            the rest not as tasks.
    """

    root: int
    ours: int = 0
    _own_cpu: dict[tuple[int, int], float] = field(default_factory=dict[tuple[int, int], float])

    def read(self, memory_limit: int) -> Usage:
        """Measure now. Exact memory is slow to read, so it is read only near the limit."""
        pids = [] if self.ours else [self.root]
        found = [p for p in map(process, [*pids, *descendants(self.root)]) if p is not None]
        for one in found:
            self._own_cpu[one.pid, one.started] = one.own_cpu
        # A parent that ignores SIGCHLD never inherits its children's time, so the larger of two
        # lower bounds: all we ever saw, and what the living report for themselves and their dead.
        cpu = max(sum(self._own_cpu.values()), sum(p.own_cpu + p.waited_cpu for p in found))
        memory = sum(p.resident for p in found)
        if memory > memory_limit:
            # Twice: while processes end, their share moves to others that may be read later.
            memory = min(_exact_memory(found), _exact_memory(found))
        tasks = sum(p.threads for p in found) - max(self.ours - 1, 0)
        return Usage(memory, cpu, max(tasks, 0))

    def seen(self) -> set[tuple[int, int]]:
        """The (pid, start time) of every process ever measured, alive or not."""
        return set(self._own_cpu)


def _exact_memory(processes: list[Process]) -> int:
    total = 0
    for one in processes:
        exact = proportional_memory(one.pid)
        if exact is None:  # not allowed to know, or gone by now
            again = process(one.pid)
            exact = 0 if again is None else again.resident
        total += exact
    return total


def _read(path: str) -> bytes:
    return Path(path).read_bytes()
