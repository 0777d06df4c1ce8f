"""What the job in a container uses, and which of its limits it reached."""

from __future__ import annotations

from signal import SIGKILL, SIGXCPU, SIGXFSZ
from typing import Any, Final, cast

from evogit.config.model import Limits
from evogit.sandbox.base import Limit
from evogit.sandbox.container_setup import scratch
from evogit.sandbox.waiting import OWN_TASKS, Waiting

SIGNALLED: Final = 128
"""A shell reports death by signal N as status 128 + N."""
_INTERVAL: Final = 0.05
_ASKING_INTERVAL: Final = 0.5  # where the engine must be asked, which takes it up to a second


class ContainerMeter:
    """Measures one job. Used by one thread at a time, while the container exists.

    Args:
        container: where it runs.
        limits: those of the job.
    """

    def __init__(self, container: Waiting, limits: Limits) -> None:
        self._container = container
        self._counters = container.counters
        self._limits = limits
        self._before = 0.0
        self.cpu = 0.0
        """Processor seconds of the whole tree, as of the last look."""

    @property
    def interval(self) -> float:
        """Seconds to the next look."""
        return _ASKING_INTERVAL if self._counters is None else _INTERVAL

    def begin(self) -> None:
        """What was used until now is the container's own."""
        self._before = self._now()[0]

    def reached(self) -> Limit | None:
        """Look, and name the limit that was reached."""
        tasks = self._measure()
        if self._counters is not None and self._counters.ran_out_of_memory():
            return "memory"  # the kernel killed one process of it; all of them are to end
        if self.cpu > self._limits.cpu:
            return "cpu"
        if tasks - OWN_TASKS > self._limits.processes:
            return "processes"
        return "disk" if self._disk_is_full() else None

    def reached_by_the_end(self, status: int) -> Limit | None:
        """Look a last time, and name the limit that a command met which failed between two looks."""
        self._measure()
        if self._counters is None:
            return None
        if self._counters.ran_out_of_memory():
            return "memory"
        if status and self._counters.tasks_ran_out():
            return "processes"
        return "disk" if status and self._disk_is_full() else None

    def reached_by_signal(self, status: int) -> Limit | None:
        """The limit whose signal ended the command."""
        if status == -SIGXFSZ:
            return "disk"
        late = status in (-SIGKILL, -SIGXCPU) and self.cpu > self._limits.cpu
        return "cpu" if late else None

    def _measure(self) -> int:
        """Update the processor time; returns the number of tasks."""
        cpu, tasks = self._now()
        self.cpu = max(self.cpu, cpu - self._before)
        return tasks

    def _now(self) -> tuple[float, int]:
        if self._counters is None:
            return self._ask()
        return self._counters.cpu() or 0.0, self._counters.tasks() or 0

    def _ask(self) -> tuple[float, int]:
        """Processor seconds and tasks as the engine knows them."""
        try:
            container = self._container.container
            used = cast(
                "dict[str, Any]",
                container.client.api.stats(container.id, stream=False, one_shot=True),
            )
            cpu = used["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
            return cpu, int(used["pids_stats"].get("current", 0))
        except Exception:  # noqa: BLE001  # it has just ended; its streams will tell
            return 0.0, 0

    def _disk_is_full(self) -> bool:
        places = scratch(self._container.shape)
        return self._counters is not None and self._counters.disk_is_full(places, self._limits.disk)
