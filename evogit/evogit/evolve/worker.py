"""A worker: one process hosting agents, the only writer of its journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evogit.analysis.separation import rejudged
from evogit.errors import BudgetError, EvaluatorError, EvoGitError
from evogit.evolve.loop import AgentLoop
from evogit.evolve.shared import Shared
from evogit.proposals import Agent
from evogit.records import Lease, Spend
from evogit.steering.history import about
from evogit.swarm.identity import Identity

RAISE: Final = "raise the swarm's cap in [budget] of evogit.toml; running again does nothing before"
_WATCH_SECONDS: Final = 0.1
OVERTIME_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Summary:
    """How an invocation ended: why, what it made and cost, whether the target was reached.

    ``seconds`` are those since its limits began to count: what judging the base took is among them.
    ``gave_up``: every agent ended because it could not work, or never made a tree, not even a known one,
    or never made anything of what it cost.
    ``for_good``: a cap of the swarm ended it, so running again can do nothing.
    """

    reason: str
    evaluations: int
    seconds: float
    reached: bool
    spend: Spend = Spend()
    gave_up: bool = False
    for_good: bool = False


class Worker:
    """Hosts agents in threads until a limit, a decision, a failure or ``stop`` ends them all.

    Args:
        identity: held for as long as this lives.
        shared: what the agents share.
        new_agent: makes the k-th agent (from 0), once for each step that it may have under way.
        agents: how many to start with; a human's decision may change it.
        upkeep: called now and then from the watching thread: packing, syncing.
        finish: called once when every agent has ended by itself.
    """

    def __init__(
        self,
        identity: Identity,
        shared: Shared,
        new_agent: Callable[[int], Agent],
        agents: int,
        upkeep: Callable[[], None],
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        self._identity = identity
        self._shared = shared
        self._new_agent = new_agent
        self._agents = agents
        self._upkeep = upkeep
        self._finish = finish
        self._threads: dict[int, threading.Thread] = {}
        self._loops: dict[int, AgentLoop] = {}
        self._told_overtime = False
        self._failure: BaseException | None = None
        self._target_reached = threading.Event()

    def run(self) -> Summary:
        """Evolve. Returns when every agent has ended; what was journalled is durable.

        Raises:
            EvoGitError: an agent could not go on: the sandbox, the agent itself or the repository.
            OSError: the disk refused.
        """
        shared = self._shared
        self._lease("worker-start", {"agents": str(self._agents)})
        shared.say("started", text=f"{self._agents} agents")
        try:
            while self._watch():
                shared.stop.wait(_WATCH_SECONDS)
        except Exception:
            shared.stop.set()  # agents must not outlive what the caller closes now
            self._join()
            raise
        self._join()
        shared.phylogeny.refresh()
        self._check_target()
        self._finished()
        reason = self._reason()
        self._lease("worker-stop", {"reason": reason})
        shared.say("stopped", text=reason)
        if self._failure is not None:
            raise self._failure
        return Summary(
            reason,
            shared.allowance.evaluations,
            shared.allowance.seconds_used,
            self._target_reached.is_set(),
            shared.allowance.spend,
            bool(self._loops) and all(loop.gave_up for loop in self._loops.values()),
            shared.allowance.ended_for_good,
        )

    def _finished(self) -> None:
        if self._shared.stop.is_set():
            return
        try:
            self._finish()
        except (EvoGitError, OSError) as error:
            self._fail(error)

    def _join(self) -> None:
        for thread in list(self._threads.values()):
            thread.join()

    def _watch(self) -> bool:
        """Start and stop agents as decided; false once everything has ended."""
        shared = self._shared
        if shared.stop.is_set():
            return False
        shared.phylogeny.refresh()
        self._check_target()
        for decision in shared.directions.heard():
            shared.say("decided", text=f"{decision.by}: {decision.verb} {about(decision)}")
        wanted = shared.directions.wanted_agents()
        self._agents = self._agents if wanted is None else wanted
        for number in range(self._agents):
            if shared.stop.is_set():
                break
            if number not in self._threads or self._called_back(number):
                self._start(number)
        self._upkeep()
        self._tell_overtime()
        return any(thread.is_alive() for thread in self._threads.values())

    def _tell_overtime(self) -> None:
        """Once, if steps under way outlast the time: calls that are paid for are not thrown away."""
        if self._told_overtime or self._shared.allowance.seconds_over < OVERTIME_SECONDS:
            return
        self._told_overtime = True
        waiting = [self._loops[n].name for n, thread in self._threads.items() if thread.is_alive()]
        if waiting:
            text = f"the time is over; {', '.join(waiting)} end their steps (Ctrl-C ends them now)"
            self._shared.say("warning", text=text)

    def _called_back(self, number: int) -> bool:
        """Whether an agent that a decision ended may go on, since that was taken back."""
        loop = self._loops[number]
        ended = loop.dismissed and not self._threads[number].is_alive()
        return ended and not self._shared.directions.stopped(loop.name)

    def _start(self, number: int) -> None:
        name = self._identity.agent(number)
        agents = [self._new_agent(number) for _ in range(1 + self._shared.ahead)]
        loop = AgentLoop(name, agents, self._shared, lambda: number < self._agents, self._fail)
        thread = threading.Thread(target=self._live, args=(loop,), name=name, daemon=True)
        self._threads[number] = thread
        self._loops[number] = loop
        thread.start()

    def _live(self, loop: AgentLoop) -> None:
        try:
            loop.run()
        except BaseException as error:  # noqa: BLE001  # the supervisor: raised again by ``run``
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self._failure is None and not self._shared.stop.is_set():
            self._failure = error
        self._shared.stop.set()

    def _check_target(self) -> None:
        shared = self._shared
        until = shared.allowance.flags.until
        best = shared.phylogeny.best(1)
        score = shared.phylogeny.score(best[0]) if best else None
        if until is None or score is None:
            return
        reached = score >= until if shared.maximize else score <= until
        if reached and (shared.noise == 0 or rejudged(shared.phylogeny, best[0])):
            self._target_reached.set()
            shared.allowance.end(f"the target {until:g}")

    def _reason(self) -> str:
        if self._failure is not None:
            return f"failed: {self._failure}"
        if self._shared.stop.is_set():
            return "stopped"
        ended = [loop.ended for loop in self._loops.values() if loop.ended]
        return self._shared.allowance.exhausted() or next(iter(ended), "every agent ended")

    def _lease(self, purpose: str, detail: Mapping[str, str]) -> None:
        lease = Lease(purpose, detail=detail, time=self._shared.now())
        self._shared.journal.append(lease, subject=f"{purpose} {self._identity.name}").result()


def raise_if_missed(summary: Summary, until: float | None) -> None:
    """A target that was asked for and not reached is an error, and so is no agent that can work.

    A limit alone is success.

    Raises:
        EvaluatorError: every agent gave up.
        BudgetError: ``until`` was given and a limit came first.
    """
    if summary.gave_up:
        raise EvaluatorError(
            f"no agent could go on: {summary.reason}",
            hint="evogit agents kinds tries the agents; the TUI shows how each step ended, and its log",
        )
    if until is not None and not summary.reached:
        raise BudgetError(
            f"stopped at {summary.reason} before the score reached {until:g}",
            hint=RAISE if summary.for_good else "run again to go on, or raise the limit",
        )
