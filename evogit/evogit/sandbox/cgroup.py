"""What a container uses, read from the kernel's own counters: exact, and free of the engine's delays.

An engine answers such questions in milliseconds at best, at worst in a second, and not at all once
a container has ended. Its control groups and its file system can be looked at from the host, as
long as the engine runs on the same kernel and we may see its processes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.sandbox.limits import MAX_FILES

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one container. They are gone as soon as it has ended.

    Args:
        pid: its first process, as seen from here.
        groups: folder of each controller; a kernel with unified groups has only ``""``.
    """

    pid: int
    groups: Mapping[str, Path]

    def cpu(self) -> float | None:
        """Processor seconds of all its processes since it was started."""
        if "cpuacct" in self.groups:
            used = _number(self.groups["cpuacct"] / "cpuacct.usage")
            return None if used is None else used / 1e9
        used = _field(self.groups.get("", Path()) / "cpu.stat", "usage_usec")
        return None if used is None else used / 1e6

    def tasks(self) -> int | None:
        """How many processes and threads it has now."""
        return _number(self._group("pids") / "pids.current")

    def tasks_ran_out(self) -> bool:
        """Whether a process could not be started because there were too many."""
        return bool(_field(self._group("pids") / "pids.events", "max"))

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel had to kill a process of it for memory."""
        if "memory" in self.groups:
            return bool(_field(self.groups["memory"] / "memory.oom_control", "oom_kill"))
        return bool(_field(self._group("memory") / "memory.events", "oom_kill"))

    def disk_is_full(self, places: Sequence[str], most: int) -> bool:
        """Whether its writable places hold ``most`` bytes or too many files; false if unknown."""
        used = files = 0
        for place in places:
            with suppress(OSError):
                status = os.statvfs(f"/proc/{self.pid}/root{place}")
                used += (status.f_blocks - status.f_bfree) * status.f_frsize
                files += status.f_files - status.f_ffree
        return used >= most or files >= MAX_FILES

    def _group(self, controller: str) -> Path:
        return self.groups.get(controller, self.groups.get("", Path()))


def counters(pid: int, container: str) -> Counters | None:
    """Those of a container, or ``None`` if they can not be seen from here.

    Args:
        pid: its first process as the engine names it.
        container: its id, which tells whether that is the same process here.
    """
    with suppress(OSError, ValueError):
        groups: dict[str, Path] = {}
        for line in Path(f"/proc/{pid}/cgroup").read_text("utf-8").splitlines():
            _, names, path = line.split(":", 2)
            if container not in path:
                continue
            for name in names.removeprefix("name=").split(","):
                folder = _mounted(name)
                if folder is not None and (folder / path.lstrip("/")).is_dir():
                    groups[name] = folder / path.lstrip("/")
        found = Counters(pid, groups)
        if found.cpu() is not None and found.tasks() is not None:
            return found
    return None


def _mounted(controller: str) -> Path | None:
    """Where the hierarchy of a controller (``""`` for the unified one) is mounted."""
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        first, _, second = line.partition(" - ")
        kind, _, options = second.split(" ", 2)
        root, place = first.split(" ")[3:5]
        unified = kind == "cgroup2" and not controller
        if root == "/" and (
            unified or (kind == "cgroup" and controller and controller in options.split(","))
        ):
            return Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), place))
    return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _field(path: Path, name: str) -> int | None:
    with suppress(OSError, ValueError):
        for line in path.read_text("utf-8").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return None
