"""What one invocation may use: its evaluations, time, tokens and money."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from evogit.evolve.spending import FREE, Caps, Refusal, Told, added, too_little, total
from evogit.records import Spend


@dataclass(frozen=True, slots=True)
class Flags:
    """Limits of one invocation; ``None`` is no limit. ``until`` is a score to reach."""

    evaluations: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    until: float | None = None


class Allowance:
    """Counts what one invocation uses. Thread-safe.

    Args:
        flags: its limits.
        started: monotonic seconds at which it began.
    """

    def __init__(self, flags: Flags, started: float | None = None) -> None:
        self.flags = flags
        self._caps = Caps(flags.tokens, flags.cost_usd)
        self._started = time.monotonic() if started is None else started
        self._lock = threading.Lock()
        self._evaluations = 0
        self._spend = FREE
        self._reserved: dict[tuple[str, int], Spend] = {}
        self._ended = ""
        self._kept = 0.0
        self.ended_for_good = False
        self._told = Told()

    @property
    def evaluations(self) -> int:
        """Evaluations begun so far."""
        return self._evaluations

    @property
    def spend(self) -> Spend:
        """What its steps cost so far."""
        return self._spend

    def keep(self, seconds: float) -> None:
        """Let steps end so many seconds before the time limit, but use half of what is left."""
        self._kept = min(seconds, (self._seconds() or 0.0) / 2)

    @property
    def seconds_used(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._started

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time limit, or until what is kept of them; ``None`` without one."""
        left = self._seconds()
        return None if left is None else max(left - self._kept, 0.0)

    @property
    def seconds_over(self) -> float:
        """Seconds since the time limit; 0 before it and without one."""
        left = self._seconds()
        return 0.0 if left is None else max(-left, 0.0)

    def _seconds(self) -> float | None:
        limit = self.flags.seconds
        return None if limit is None else limit - self.seconds_used

    def exhausted(self) -> str:
        """Which limit is reached, in words; empty if none is."""
        flags = self.flags
        if self._ended:
            return self._ended
        if flags.evaluations is not None and self._evaluations >= flags.evaluations:
            return f"{flags.evaluations} evaluations"
        if self.seconds_left == 0:
            kept = (
                f", but for {self._kept:.0f} s to judge the best afresh" if self._kept >= 1 else ""
            )
            return f"{flags.seconds:g} s{kept}"
        return self._caps.over(self._spend, FREE)

    def end(self, reason: str, *, for_good: bool = False) -> None:
        """Let nothing more start: a limit of the swarm is reached, or the target is.

        ``for_good``: another invocation could start nothing either.
        """
        self._ended = reason
        self.ended_for_good = for_good

    def take_evaluation(self) -> bool:
        """Take one evaluation from the allowance; false if there is none left."""
        with self._lock:
            limit = self.flags.evaluations
            if limit is not None and self._evaluations >= limit:
                return False
            self._evaluations += 1
            return True

    def give_back_evaluation(self) -> None:
        """Return an evaluation that turned out not to be needed."""
        with self._lock:
            self._evaluations -= 1

    def reserve(self, agent: str, step: int, worst: Spend) -> Refusal | None:
        """Reserve the worst case of a step, unless that could overdraw a limit."""
        with self._lock:
            reserved = total(self._reserved.values())
            over = self._caps.over(added(self._spend, reserved), worst)
            if over:
                alone = self._caps.over(self._spend, worst)
                detail = too_little(self._caps, self._spend, reserved, worst)
                return Refusal(over, "run" if alone else "wait", detail)
            self._reserved[agent, step] = worst
            return None

    def settle(self, agent: str, step: int, spend: Spend) -> None:
        """Replace a step's reservation by what it really cost."""
        with self._lock:
            self._reserved.pop((agent, step), None)
            self._spend = added(self._spend, spend)

    def nearly(self) -> list[str]:
        """Limits of tokens and money that are nearly reached and were not told yet, in words."""
        return self._told.news(self._caps.shares("this run's", self._spend))
