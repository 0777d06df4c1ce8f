"""Nothing spends without a limit: what the whole swarm may use.

A cap is checked against what was spent plus what is reserved. The swarm's caps are counted from
the journals; workers of one clone check and reserve under one file lock, so that they can not
overdraw it together. Workers on other hosts are seen as soon as their journals are fetched.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from evogit.config.models import Budget
from evogit.evolve.spending import (
    FREE,
    Caps,
    Refusal,
    Share,
    Told,
    added,
    in_words,
    too_little,
    total,
)
from evogit.evolve.unfinished import is_judged, unfinished
from evogit.ids import CommitId
from evogit.phylogeny.activity import Activity, Totals, day_of
from evogit.phylogeny.index import Phylogeny
from evogit.records import Lease, Spend
from evogit.swarm.journal import Journal


class SwarmBudget:
    """The caps of ``[budget]``, for all workers together. Thread-safe.

    Args:
        budget: from the spec.
        phylogeny: what was spent, by the journals.
        lock: a file that all workers of this clone share.
        ahead: how many more steps of an agent may be under way beside one.
    """

    def __init__(self, budget: Budget, phylogeny: Phylogeny, lock: Path, ahead: int = 0) -> None:
        self.budget = budget
        self._kept = 0
        self._phylogeny = phylogeny
        self._lock = lock
        self._ahead = ahead
        self._whole = Caps(budget.tokens, budget.cost_usd)
        self._step = Caps(budget.step_tokens, budget.step_cost_usd)
        self._agent = Caps(budget.agent_tokens, budget.agent_cost_usd)
        self._day = Caps(budget.day_tokens, budget.day_cost_usd)
        self._running = set[tuple[str, int]]()
        self._unjudged = set[CommitId]()
        self._told = Told()

    @property
    def limited(self) -> bool:
        """Whether any cap is set; without one only what costs something is reserved."""
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

    def keep(self, evaluations: int) -> None:
        """Let steps leave so many evaluations of the swarm's, but take half of what is left."""
        limit, self._kept = self.budget.evaluations, 0
        if limit is not None:
            left = max(limit - self._phylogeny.spent.evaluations, 0)
            self._kept = min(evaluations, left // 2)

    def reserve(self, journal: Journal, agent: str, step: int, worst: Spend, now: float) -> None:
        """Let a step of this worker's ``agent`` hold a reservation; durable on return.

        Within ``turn`` if there are caps: whoever checks them next has to see it.

        Raises:
            OSError, GitError: the journal could not be written.
        """
        self._running.add((agent, step))
        lease = Lease("reserve", agent, step, worst, time=round(now, 3))
        journal.append(lease, subject=f"reserve {agent} step {step}").result()

    def done(self, agent: str, step: int) -> None:
        """A step holds no reservation any more: its attempt is durable, or it failed."""
        self._running.discard((agent, step))

    def waits(self, offspring: CommitId) -> None:
        """An offspring of this worker is to be judged, which may turn out to need no evaluation."""
        self._unjudged.add(offspring)

    def judged(self, offspring: CommitId) -> None:
        """It was judged, or will not be by this process."""
        self._unjudged.discard(offspring)

    def refusal(self, agent: str, worst: Spend, now: float) -> Refusal | None:
        """What forbids the next step, if anything does. Call within ``turn``.

        Args:
            agent: of this worker; other steps of it may be under way.
            worst: what the step may cost.
            now: seconds since 1970; days are those of UTC.
        """
        self._phylogeny.refresh()
        waits = bool(self._running or self._unjudged)
        return self._of_evaluations(waits=waits) or self._of_money(agent, worst, now, waits=waits)

    def unaffordable(self, agent: str, worst: Spend, now: float) -> Refusal | None:
        """The same for what belongs to an evaluation that is promised already, such as judging it."""
        self._phylogeny.refresh()
        # Not for what is unjudged, which waits for this one itself.
        return self._of_money(agent, worst, now, waits=bool(self._running))

    def _of_money(self, agent: str, worst: Spend, now: float, *, waits: bool) -> Refusal | None:
        # What is reserved is read before what is spent: another thread may take in an attempt in
        # between, and what that one settles must then count twice rather than not at all.
        reserved = self._phylogeny.reserved
        if worst == FREE:  # money that is gone, or said to be, holds nobody back who needs none
            return None
        found = self._of_swarm(worst, reserved, waits=waits)
        found = found or self._of_step(agent, worst) or self._of_agent(agent, worst)
        return found or self._of_day(worst, reserved, now, waits=waits)

    def _of_evaluations(self, *, waits: bool) -> Refusal | None:
        budget, phylogeny = self.budget, self._phylogeny
        if budget.seconds is not None and phylogeny.spent.seconds >= budget.seconds:
            return Refusal(f"the swarm's {budget.seconds:g} s", "swarm")
        if budget.evaluations is None:
            return None
        limit = budget.evaluations - self._kept
        if self._promised_below(limit):
            return None
        reason = f"the swarm's {budget.evaluations} evaluations"
        if phylogeny.spent.evaluations >= limit:
            return Refusal(reason, "swarm")
        return Refusal(reason, "wait" if waits else "run")

    def _promised_below(self, limit: int) -> bool:
        """Whether evaluations made, open reservations and offspring not judged yet are fewer than a limit.

        Read in the order in which one becomes the next, backwards: see ``_of_money``. A killed agent
        judges its own when it is back.
        """
        phylogeny = self._phylogeny
        reserved, agents = len(phylogeny.reservations), phylogeny.agents
        if reserved + len(agents) * (1 + self._ahead) + phylogeny.spent.evaluations < limit:
            return True
        rows = (row for agent in agents for row in unfinished(phylogeny, agent, self._ahead))
        waiting = sum(not is_judged(phylogeny, row) for row in rows)
        return reserved + waiting + phylogeny.spent.evaluations < limit

    def _of_swarm(self, worst: Spend, reserved: Spend, *, waits: bool) -> Refusal | None:
        spent = self._phylogeny.spent
        used = Spend(spent.tokens, 0, spent.cost_usd)
        caps = self._whole
        remedy = "swarm" if caps.over(used, worst) else "run"
        return _beside(reserved, "the swarm's", caps, used, worst, remedy, waits=waits)

    def _of_step(self, agent: str, worst: Spend) -> Refusal | None:
        over = self._step.over(FREE, worst)
        reason = f"a step of {agent} may cost {in_words(worst)}, more than a step's {over}"
        return Refusal(reason, "agent") if over else None

    def _of_agent(self, agent: str, worst: Spend) -> Refusal | None:
        if not self._agent:
            return None
        waits = any(name == agent for name, _ in self._running.copy())
        open_ = self._phylogeny.reservations.items()
        reserved = total(held for (name, _), held in open_ if name == agent)
        used = _spend(self._counted().of(agent))
        return _beside(reserved, f"{agent}'s", self._agent, used, worst, "agent", waits=waits)

    def _of_day(self, worst: Spend, reserved: Spend, now: float, *, waits: bool) -> Refusal | None:
        if not self._day:
            return None
        used = _spend(self._counted().on(day_of(now)))
        return _beside(reserved, "today's", self._day, used, worst, "tomorrow", waits=waits)

    def nearly(self, agent: str, now: float) -> list[str]:
        """Caps that are nearly spent and were not told yet, in words: each once, a day's daily."""
        spent, budget, shares = self._phylogeny.spent, self.budget, list[Share]()
        if budget.evaluations is not None:
            name = f"the swarm's {budget.evaluations} evaluations"
            shares.append(Share(name, spent.evaluations, budget.evaluations))
        if budget.seconds is not None:
            shares.append(Share(f"the swarm's {budget.seconds:g} s", spent.seconds, budget.seconds))
        shares += self._whole.shares("the swarm's", Spend(spent.tokens, 0, spent.cost_usd))
        if self._agent:
            shares += self._agent.shares(f"{agent}'s", _spend(self._counted().of(agent)))
        if self._day:
            day = time.strftime("%Y-%m-%d", time.gmtime(now))
            shares += self._day.shares(f"{day}'s", _spend(self._counted().on(day_of(now))))
        return self._told.news(shares)

    def _counted(self) -> Activity:
        activity = self._phylogeny.activity
        while activity.update():
            pass
        return activity


def _beside(
    reserved: Spend,
    whose: str,
    caps: Caps,
    used: Spend,
    worst: Spend,
    remedy: Literal["tomorrow", "agent", "run", "swarm"],
    *,
    waits: bool,
) -> Refusal | None:
    """Reservations may be given back, but only those of this worker are worth waiting for."""
    over = caps.over(added(used, reserved), worst)
    if not over:
        return None
    waits = waits and not caps.over(used, worst)
    detail = too_little(caps, used, reserved, worst)
    return Refusal(f"{whose} {over}", "wait" if waits else remedy, detail)


def _spend(totals: Totals) -> Spend:
    return Spend(totals.tokens, 0, totals.cost_usd)
