"""What the jobs of a fork server use, read from its own /proc, which holds nothing but them.

Standard library only, Python 3.9 syntax: runs inside foreign interpreters.
"""

# Plain os.path: this runs at every fork, or before anything is imported.
# ruff: noqa: PTH208, PTH123

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_FEW_SOCKETS = 64
_SOCKET = 2**19
"""Bytes that one socket may hold unread where the administrator changed nothing (twice wmem_max)."""


class Process(NamedTuple):
    """One line of ``/proc/PID/stat``; ``started`` tells it from a later process of the same id."""

    parent: int
    started: int
    own_cpu: float
    waited_cpu: float
    threads: int
    resident: int


def processes() -> dict[int, Process]:
    """Every process there is."""
    found: dict[int, Process] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError, IndexError, ValueError):  # it ended meanwhile
                found[int(name)] = _process(name)
    return found


def _process(pid: str) -> Process:
    # The name in parentheses may hold spaces and parentheses of its own.
    fields = _read("/proc/" + pid + "/stat").rpartition(b")")[2].split()
    return Process(
        parent=int(fields[1]),
        started=int(fields[19]),
        own_cpu=(int(fields[11]) + int(fields[12])) * _TICK,
        waited_cpu=(int(fields[13]) + int(fields[14])) * _TICK,
        threads=int(fields[17]),
        resident=int(fields[21]) * _PAGE,
    )


def _proportional(pid: int) -> int | None:
    """Resident memory with shared pages divided among their users, if the kernel tells us."""
    try:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()


def socket_memory(pid: int) -> int:
    """What the sockets of this process's network namespace may hold, without the first few.

    Socket pairs work without any network, and what lies unread in them counts to no process.
    """
    try:
        words = _read(f"/proc/{pid}/net/sockstat").split(None, 3)
        return max(int(words[2]) - _FEW_SOCKETS, 0) * _SOCKET
    except (OSError, ValueError, IndexError):  # it ended meanwhile, or /proc has no net
        return 0


class Meter:
    """Measures one job again and again; ``cpu`` is the most processor time found so far."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self._own_cpu: dict[tuple[int, int], float] = {}

    def measure(
        self, found: dict[int, Process], root: int, memory_limit: float
    ) -> tuple[int, float, int]:
        """Memory, cpu seconds and threads of ``root`` and everything below it."""
        tree = _descendants(found, root)
        for pid in tree:
            self._own_cpu[pid, found[pid].started] = found[pid].own_cpu
        members = [found[pid] for pid in tree]
        memory = sum(p.resident for p in members)
        if memory > memory_limit:  # exact memory is slow to read
            exact = [(_proportional(pid), found[pid].resident) for pid in tree]
            memory = sum(resident if pss is None else pss for pss, resident in exact)
        memory += socket_memory(root)
        # A parent that ignores SIGCHLD never inherits its children's time, so the larger of two
        # lower bounds: all we ever saw, and what the living report for themselves and their dead.
        told = sum(p.own_cpu + p.waited_cpu for p in members)
        self.cpu = max(self.cpu, sum(self._own_cpu.values()), told)
        return memory, self.cpu, sum(p.threads for p in members)


def _descendants(found: dict[int, Process], root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, process in found.items():
        children.setdefault(process.parent, []).append(pid)
    tree: list[int] = []
    waiting = [root] if root in found else []
    while waiting:
        pid = waiting.pop()
        tree.append(pid)
        waiting += children.get(pid, [])
    return tree
