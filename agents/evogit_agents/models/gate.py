"""Holds back every caller of an endpoint while it has trouble: one 429 is enough for all agents."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from evogit_agents.models.model import Failure

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 300.0
JITTER: Final = 0.25
GIVE_UP: Final = 20
"""After so many failures in a row, with the pauses more than an hour, nobody asks again."""

_MILD: Final[frozenset[Failure]] = frozenset({"context", "refused", "empty"})
"""They may be about one prompt, so the first of them hold nobody back."""
_MILD_FREE: Final = 2


@dataclass(frozen=True, slots=True)
class Closed:
    """The gate lets nobody pass: for so many seconds, or for good, after ``failures`` in a row."""

    seconds: float
    failures: int
    forever: bool


class Gate:
    """Counts failures in a row and closes for longer after each. Thread-safe; never waits itself.

    Calls that overlap and fail together count as one failure, so that eight agents are no reason
    to give up eight times earlier. A success of anybody ends the row.

    Args:
        random: spreads the returns of several workers.
        clock: monotonic seconds.
    """

    def __init__(self, random: Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._random = random
        self._clock = clock
        self._lock = threading.Lock()
        self._round = 0
        self._failures = 0
        self._until = 0.0

    def enter(self) -> int | Closed:
        """The current round, to be handed to ``failed``; or how long the gate is closed."""
        with self._lock:
            closed = self._closed()
            return self._round if closed.seconds <= 0 and not closed.forever else closed

    def failed(self, kind: Failure, begun: int, after: float | None = None) -> Closed:
        """A call failed that entered in round ``begun``; the provider may have named a pause."""
        with self._lock:
            if begun == self._round:
                self._round += 1
                self._failures += 1
                self._close(self._pause(kind))
            if after is not None:
                self._close(self._jittered(min(after, LONGEST_SECONDS)))
            return self._closed()

    def succeeded(self) -> None:
        """A call was answered: the row of failures ends. A pause that began meanwhile stays."""
        with self._lock:
            self._failures = 0

    def _pause(self, kind: Failure) -> float:
        if kind in _MILD and self._failures <= _MILD_FREE:
            return 0.0
        doublings = min(self._failures - 1, 30)
        return self._jittered(min(FIRST_SECONDS * 2.0**doublings, LONGEST_SECONDS))

    def _jittered(self, seconds: float) -> float:
        return seconds * (1.0 + JITTER * self._random.random())

    def _close(self, seconds: float) -> None:
        self._until = max(self._until, self._clock() + seconds)

    def _closed(self) -> Closed:
        left = max(self._until - self._clock(), 0.0)
        return Closed(left, self._failures, self._failures >= GIVE_UP)
