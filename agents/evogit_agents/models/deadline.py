"""How long one call may take in all, however slowly its bytes come."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Final

from evogit_agents.models.trouble import Trouble

SLICE: Final = 0.2
"""Nothing waits longer than this without looking at the clock and at ``stop``."""


class Deadline:
    """The time left of one call.

    Args:
        seconds: from now.
        stop: set when the worker must end.
        clock: monotonic seconds.
    """

    def __init__(
        self, seconds: float, stop: Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._stop = stop
        self._clock = clock
        self._end = clock() + seconds

    def slice(self) -> float:
        """Seconds that may be waited now, more than 0; then ask again.

        Raises:
            Trouble: the time is over, or the worker ends; what it cost is unknown.
        """
        if self._stop.is_set():
            raise Trouble("timeout", "the run ended before the answer came", billed=None)
        left = self._end - self._clock()
        if left <= 0:
            raise Trouble("timeout", f"no whole answer in {self._seconds:g} s", billed=None)
        return min(left, SLICE)
