"""Nothing spends without a limit: what one invocation may use, and what the whole swarm may.

A cap is checked against what was spent plus what is reserved. The swarm's caps are counted from
the journals; workers of one clone check and reserve under one file lock, so that they can not
overdraw it together. Workers on other hosts are seen as soon as their journals are fetched.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evogit.config.model import Budget
from evogit.phylogeny.index import Phylogeny
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
        self._started = time.monotonic() if started is None else started
        self._lock = threading.Lock()
        self._evaluations = 0
        self._spend = Spend()
        self._reserved: dict[str, Spend] = {}
        self._ended = ""

    @property
    def evaluations(self) -> int:
        """Evaluations begun so far."""
        return self._evaluations

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time limit; ``None`` without one."""
        if self.flags.seconds is None:
            return None
        return max(self.flags.seconds - (time.monotonic() - self._started), 0.0)

    def exhausted(self) -> str:
        """Which limit is reached, in words; empty if none is."""
        flags = self.flags
        if self._ended:
            return self._ended
        if flags.evaluations is not None and self._evaluations >= flags.evaluations:
            return f"{flags.evaluations} evaluations"
        if self.seconds_left == 0:
            return f"{flags.seconds:g} s"
        return self._overspent(Spend())

    def end(self, reason: str) -> None:
        """Let nothing more start: a limit of the swarm is reached, or the target is."""
        self._ended = reason

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

    def reserve(self, agent: str, worst: Spend) -> bool:
        """Reserve the worst case of a step; false if it could overdraw a limit."""
        with self._lock:
            if self._overspent(worst):
                return False
            self._reserved[agent] = worst
            return True

    def settle(self, agent: str, spend: Spend) -> None:
        """Replace an agent's reservation by what its step really cost."""
        with self._lock:
            self._reserved.pop(agent, None)
            self._spend = _sum(self._spend, spend)

    def _overspent(self, more: Spend) -> str:
        total = _sum(self._spend, more)
        for reserved in list(self._reserved.values()):
            total = _sum(total, reserved)
        paid = more != Spend()
        return _over(total, self.flags.tokens, self.flags.cost_usd, strict=not paid)


def _sum(a: Spend, b: Spend) -> Spend:
    return Spend(a.tokens_in + b.tokens_in, a.tokens_out + b.tokens_out, a.cost_usd + b.cost_usd)


def _over(total: Spend, tokens: int | None, cost: float | None, *, strict: bool) -> str:
    """``strict``: a limit that is exactly used up counts as reached (nothing more may start)."""
    used = total.tokens_in + total.tokens_out
    if tokens is not None and (used > tokens or (strict and used >= tokens)):
        return f"{tokens} tokens"
    if cost is not None and (total.cost_usd > cost or (strict and total.cost_usd >= cost)):
        return f"${cost:g}"
    return ""


class SwarmBudget:
    """The caps of ``[budget]``, for all workers together.

    Args:
        budget: from the spec.
        phylogeny: what was spent, by the journals.
        lock: a file that all workers of this clone share.
    """

    def __init__(self, budget: Budget, phylogeny: Phylogeny, lock: Path) -> None:
        self.budget = budget
        self._phylogeny = phylogeny
        self._lock = lock

    @property
    def limited(self) -> bool:
        """Whether any cap is set; without one no reservation is needed."""
        return self.budget != Budget()

    @contextmanager
    def turn(self) -> Generator[None]:
        """Hold the clone-wide lock while checking and reserving."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def exhausted(self, worst: Spend) -> str:
        """Which cap the next step could break, in words; empty if none. Call within ``turn``."""
        self._phylogeny.refresh()
        spent, reserved, budget = self._phylogeny.spent, self._phylogeny.reserved, self.budget
        if (
            budget.evaluations is not None
            and spent.evaluations + _pending(self._phylogeny) >= budget.evaluations
        ):
            return f"the swarm's {budget.evaluations} evaluations"
        if budget.seconds is not None and spent.seconds >= budget.seconds:
            return f"the swarm's {budget.seconds:g} s"
        used = Spend(spent.tokens, 0, spent.cost_usd)
        over = _over(
            _sum(_sum(used, reserved), worst),
            budget.tokens,
            budget.cost_usd,
            strict=worst == Spend(),
        )
        return f"the swarm's {over}" if over else ""


def _pending(phylogeny: Phylogeny) -> int:
    """Evaluations that are promised: open reservations, and offspring not judged yet.

    Each agent has at most one such offspring, its last; a killed agent judges it when it is back.
    """
    found = phylogeny.open_reservations
    for agent in phylogeny.agents:
        attempts = phylogeny.attempts(agent)
        offspring = attempts[-1].offspring if attempts else None
        if offspring is not None and offspring in phylogeny:
            found += phylogeny.outcome(phylogeny.index(offspring)) is None
    return found
