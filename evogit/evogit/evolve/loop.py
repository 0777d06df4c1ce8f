"""One agent's life: plan, propose, record, evaluate, record, accept; until the budget ends.

With ``search.ahead`` several steps of an agent are under way at once, each in a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from random import Random
from typing import Final

from evogit.evolve.acceptance import Acceptance, Case
from evogit.evolve.docket import Docket
from evogit.evolve.offspring import Made
from evogit.evolve.purse import Purse
from evogit.evolve.replies import worst_case
from evogit.evolve.shared import Shared
from evogit.evolve.spending import FREE, Refusal
from evogit.evolve.streak import Streak
from evogit.ids import CommitId
from evogit.proposals import Agent, Step
from evogit.records import Attempt, Spend

_PAUSE_SECONDS: Final = 0.2
_SIBLING_SECONDS: Final = 0.02
_TOMORROW_SECONDS: Final = 1.0


class AgentLoop:
    """The loop of one agent. ``run`` returns when a limit, a decision or the stop event ends it.

    Args:
        name: the agent's name and branch.
        agents: one for each step that may be under way at once; they propose offspring.
        shared: what it shares with its siblings.
        wanted: false once a human decided on fewer agents.
        failed: is told at once, from any thread, what a step raised; ``run`` raises it too.

    Steps are numbered in the order in which they begin. What they propose is adopted one after the
    other, so that nothing is made twice, and judged in the order in which it was adopted.
    ``dismissed`` says whether a human's decision ended it, which may be taken back.
    """

    def __init__(
        self,
        name: str,
        agents: Sequence[Agent],
        shared: Shared,
        wanted: Callable[[], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.name = name
        self._agents = agents
        self._shared = shared
        self._wanted = wanted
        self._failed = failed
        self._purse = Purse(
            name,
            shared.allowance,
            shared.budget,
            shared.journal,
            shared.clock,
            lambda kind, text: shared.say(kind, name, text=text),
        )
        self._acceptance = Acceptance(name, shared)
        self._turn = threading.Lock()
        self._last_step = 0
        self._recorded: Future[CommitId] | None = None
        self._seen: Future[CommitId] | None = None
        self._docket = Docket(failed)
        self._streak = Streak(name)
        self._told_paused = False
        self._given_up = ""
        self.ended = ""
        self.dismissed = False

    def run(self) -> None:
        """Make steps until something ends it; ``ended`` then says what, in words.

        On return all it made is judged, but for what was not begun when ``stop`` or the end of the
        time came: as after a kill, the next process of this worker judges that first.

        Raises:
            EvaluatorError: the sandbox or the agent can not be used on this machine.
            OSError, GitError: the repository can not be written.
        """
        self._acceptance.catch_up(self._chance)
        first, *others = self._agents
        with ThreadPoolExecutor(max(len(others), 1), self.name) as pool:
            beside = [pool.submit(self._work, agent) for agent in others]
            self._work(first)
            for one in beside:
                one.result()
        self._shared.say("state", self.name, text="stopped")

    def _work(self, agent: Agent) -> None:
        """One step after the other, with an agent that nobody else uses."""
        try:
            while not self._shared.stop.is_set() and self._goes_on(agent):
                pass
        except BaseException as error:
            self._failed(error)
            raise

    def _goes_on(self, agent: Agent) -> bool:
        """Do what is next; false at the end."""
        self.ended = self._reason_to_end()
        if self.ended:
            return False
        if self._paused():
            self._shared.stop.wait(_PAUSE_SECONDS)
        elif agent is not self._agents[0] or not self._judges_released():
            self._step(agent)
        return True

    def _judges_released(self) -> bool:
        """Judge an individual that was held before it was run and released since, in its turn."""
        if not self._acceptance.any_released():
            return False
        with self._turn:
            place = self._docket.enter()
        with place:
            return self._acceptance.judge_released(self._purse.refusal)

    def _reason_to_end(self) -> str:
        if self._given_up:
            return self._given_up
        if self._streak.end:
            return self._streak.end
        self._refresh()
        if not self._wanted() or self._shared.directions.stopped(self.name):
            self.dismissed = True  # for all of its threads, whatever is decided meanwhile
        if self.dismissed:
            return f"{self.name} was stopped"
        return self._shared.allowance.exhausted()

    @property
    def gave_up(self) -> bool:
        """Whether it ended because it could not work; see ``Streak.gave_up``."""
        return self._streak.gave_up

    def _paused(self) -> bool:
        paused = self._shared.directions.paused(self.name)
        if paused:
            self._shared.say("state", self.name, text="paused")
        if paused and not self._told_paused:
            self._shared.say("warning", self.name, text="paused by a decision; evogit resume")
        self._told_paused = paused
        return paused

    def _chance(self, number: int) -> str:
        return f"{self._shared.seed} {self.name} {number}"

    def _step(self, agent: Agent) -> None:
        worst = worst_case(agent)
        with self._turn:
            number = max(self._last_step, self._shared.phylogeny.last_step(self.name)) + 1
            refused = self._reserve(number, worst)
            if refused is None:
                self._last_step = number
        if refused is not None:
            self._obey(refused)
            return
        try:
            self._carry_out(agent, number, worst)
        except BaseException:
            self._purse.close(number)
            raise

    def _carry_out(self, agent: Agent, number: int, worst: Spend) -> None:
        """Plan and propose beside other steps, adopt and record alone, judge in that order."""
        shared, random, begun = self._shared, Random(self._chance(number)), self._shared.now()
        shared.say("state", self.name, text="proposing")
        started = time.monotonic()
        self._see_what_was_made()
        step = shared.strategy.plan(shared.phylogeny, self.name, random)
        feedback = shared.directions.feedback(step.parents)
        # Not the strategy's: how much of that one is used depends on what others had made by then.
        own = Random(f"{self._chance(number)} offspring")
        adopt = shared.nursery.propose(agent, self.name, number, step, feedback, own)
        with self._turn:
            self._see_what_was_made()
            made = adopt()
            recorded = self._record(number, step, made, time.monotonic() - started)
            self._purse.settle(number, made.spend, worst)
            self._streak.count(made)
            place = self._docket.enter() if made.commit is not None else nullcontext()
        with place:
            if made.commit is None or made.tree is None:
                self._without_offspring(made, recorded)
                return
            paid = made.spend != FREE
            case = Case(made.commit, made.tree, made.operator, paid, recorded, begun, random)
            self._acceptance.decide(case)

    def _see_what_was_made(self) -> None:
        """Plans count steps and nothing is made twice: so the last attempt has to be visible.

        An agent with one step at a time has seen it by then. That it could not be written is raised.
        """
        newest = self._recorded
        if newest is not None and newest is not self._seen and len(self._agents) > 1:
            newest.result()
            self._refresh()

    def _refresh(self) -> None:
        """Take in what is new; what was durable before it is visible after it."""
        newest = self._recorded
        durable = newest is not None and newest.done() and newest.exception() is None
        self._shared.phylogeny.refresh()
        if durable:
            self._seen = newest

    def _reserve(self, number: int, worst: Spend) -> Refusal | None:
        """Take an evaluation and reserve the worst case, here and in the journal; or why not."""
        allowance = self._shared.allowance
        if not allowance.take_evaluation():
            return Refusal("no evaluation is left", "wait")
        refused = self._purse.reserve(number, worst)
        if refused is not None:
            allowance.give_back_evaluation()
        return refused

    def _obey(self, refused: Refusal) -> None:
        """Wait for siblings or for tomorrow, or end: this agent, or all of the run."""
        shared = self._shared
        if refused.remedy == "wait":
            shared.stop.wait(_SIBLING_SECONDS)
        elif refused.remedy == "tomorrow":
            shared.say(
                "state", self.name, text=f"waiting for tomorrow (UTC): {refused.reason} are spent"
            )
            shared.stop.wait(self._at_most(_TOMORROW_SECONDS))
        elif refused.remedy == "agent":
            self._give_up(refused.in_words)
        else:
            shared.allowance.end(refused.in_words, for_good=refused.remedy == "swarm")

    def _record(self, number: int, step: Step, made: Made, seconds: float) -> Future[CommitId]:
        """Queue the attempt; once it is durable it stands for what the step reserved."""
        attempt = Attempt(
            agent=self.name,
            operator=made.operator,
            step=number,
            parents=step.parents,
            inspirations=made.inspirations or step.inspirations,
            offspring=made.commit,
            reason=made.reason,
            duplicate_of=made.duplicate_of,
            model=made.model,
            spend=made.spend,
            seconds=round(seconds, 6),
            time=self._shared.now(),
        )
        keep = (made.commit,) if made.commit is not None else ()
        result = made.commit[:12] if made.commit else made.reason
        if made.commit is not None:
            self._shared.budget.waits(made.commit)
        recorded = self._shared.journal.append(
            attempt,
            subject=f"{made.operator} by {self.name}: {result}",
            keep=keep,
            artefacts=made.artefacts,
        )
        recorded.add_done_callback(lambda _: self._purse.close(number))
        self._recorded = recorded
        return recorded

    def _without_offspring(self, made: Made, recorded: Future[CommitId]) -> None:
        shared = self._shared
        shared.allowance.give_back_evaluation()
        entry = recorded.result()
        shared.phylogeny.refresh()
        shared.say("attempted", self.name, entry=entry, operator=made.operator, text=made.reason)
        if made.stop:
            self._give_up(made.reason)
        else:
            self._tell_trouble(made)
        shared.stop.wait(self._at_most(made.pause))

    def _tell_trouble(self, made: Made) -> None:
        if made.pause > 0:
            self._shared.say("state", self.name, text=f"waiting: {made.reason}")
        news = self._streak.news(made)
        if news:
            self._shared.say("warning", self.name, text=news)

    def _give_up(self, reason: str) -> None:
        with self._turn:  # told once, though several threads may come to it
            known, self._given_up = self._given_up, f"{self.name} ended: {reason}"
        if not known:
            self._shared.say("problem", self.name, text=self._given_up)

    def _at_most(self, pause: float) -> float:
        left = self._shared.allowance.seconds_left
        return pause if left is None else min(pause, left)
