"""One agent's life: plan, propose, record, evaluate, record, accept; until the budget ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from typing import Final

from evogit.errors import ConflictError
from evogit.evolve.budget import Allowance, SwarmBudget
from evogit.evolve.calibration import RECORD
from evogit.evolve.directions import Directions
from evogit.evolve.evaluating import Verdict, Verdicts
from evogit.evolve.events import Event, Kind, Listener
from evogit.evolve.offspring import Made, Nursery
from evogit.evolve.purse import Purse
from evogit.evolve.spending import FREE, Refusal
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, CommitId, TreeId
from evogit.judge.judge import Task
from evogit.outcome import Scored, describe
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Agent, Step, Strategy
from evogit.records import Attempt, Spend
from evogit.swarm.journal import Journal

_FRUITLESS: Final = 500
"""After so many steps in a row without a new tree an agent has nothing left to try."""
_FRUITLESS_PAID: Final = 50
"""The same for steps that cost something: a model that repeats itself must not run up a bill."""
_PAUSE_SECONDS: Final = 0.2
_SIBLING_SECONDS: Final = 0.02
_TOMORROW_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Shared:
    """What the agents of one worker share: machine limits and the repository, never reasoning."""

    worker: str
    git: GitRepository
    phylogeny: Phylogeny
    journal: Journal
    strategy: Strategy
    nursery: Nursery
    verdicts: Verdicts
    allowance: Allowance
    budget: SwarmBudget
    directions: Directions
    stop: threading.Event
    tell: Listener
    seed: int
    evaluator_seed: int
    maximize: bool
    noise: float
    clock: Callable[[], float] = time.time


class AgentLoop:
    """The loop of one agent. ``run`` returns when a limit, a decision or the stop event ends it.

    Args:
        name: the agent's name and branch.
        agent: proposes offspring.
        shared: what it shares with its siblings.
        wanted: false once a human decided on fewer agents.

    ``dismissed`` says whether a human's decision ended it, which may be taken back.
    """

    def __init__(self, name: str, agent: Agent, shared: Shared, wanted: Callable[[], bool]) -> None:
        self.name = name
        self._agent = agent
        self._shared = shared
        self._wanted = wanted
        self._purse = Purse(
            name,
            shared.allowance,
            shared.budget,
            shared.journal,
            shared.clock,
            lambda kind, text: self._tell(kind, text=text),
        )
        self._fruitless = 0
        self._paid_in_vain = 0
        self._given_up = ""
        self.ended = ""
        self.dismissed = False

    def run(self) -> None:
        """Make steps until something ends it; ``ended`` then says what, in words.

        Raises:
            EvaluatorError: the sandbox or the agent can not be used on this machine.
            OSError, GitError: the repository can not be written.
        """
        self._catch_up()
        while not self._shared.stop.is_set():
            self.ended = self._reason_to_end()
            if self.ended:
                break
            if self._paused():
                self._shared.stop.wait(_PAUSE_SECONDS)
                continue
            if not self._judge_released():
                self._step()
        self._tell("state", text="stopped")

    def _reason_to_end(self) -> str:
        if self._given_up:
            return self._given_up
        if self._fruitless >= _FRUITLESS:
            return f"{self.name} made no new tree in {_FRUITLESS} steps"
        if self._paid_in_vain >= _FRUITLESS_PAID:
            return f"{self.name} paid for {_FRUITLESS_PAID} steps in a row without a new tree"
        self._shared.phylogeny.refresh()
        self.dismissed = not self._wanted() or self._shared.directions.stopped(self.name)
        if self.dismissed:
            return f"{self.name} was stopped"
        return self._shared.allowance.exhausted()

    def _paused(self) -> bool:
        paused = self._shared.directions.paused(self.name)
        if paused:
            self._tell("state", text="paused")
        return paused

    def _catch_up(self) -> None:
        """Finish what an earlier process of the same name left: judge, accept."""
        phylogeny = self._shared.phylogeny
        phylogeny.refresh()
        self._judge_tip()
        attempts = phylogeny.attempts(self.name)
        offspring = attempts[-1].offspring if attempts else None
        if offspring is None or offspring not in phylogeny:
            return
        last = phylogeny.index(offspring)
        seeded = self._shared.directions.seeded(self.name, attempts[-1].time)
        if seeded or phylogeny.tips.get(self.name) == last:
            return
        commit = phylogeny.commit(last)
        if phylogeny.outcome(last) is None:
            if self._shared.allowance.take_evaluation():
                self._judge(commit, phylogeny.tree(last), phylogeny.operator(last))
        else:
            self._accept(commit, Random(self._chance(phylogeny.last_step(self.name))))

    def _judge_tip(self) -> None:
        """Judge where the agent stands if nobody did under this evaluator and environment.

        Without a score there any offspring would be better.
        """
        phylogeny = self._shared.phylogeny
        tip = phylogeny.tips.get(self.name)
        if tip is None or phylogeny.pruned(tip) or phylogeny.outcome(tip) is not None:
            return
        if self._shared.allowance.take_evaluation():
            self._judge(phylogeny.commit(tip), phylogeny.tree(tip), phylogeny.operator(tip))

    def _judge_released(self) -> bool:
        """Judge one individual that was held before it was run and released since, if any waits."""
        shared = self._shared
        task = shared.verdicts.waiting(shared.evaluator_seed, self.name)
        if task is None:
            return False
        if self._purse.refusal() is not None or not shared.allowance.take_evaluation():
            return False
        self._judge(task.commit, task.tree, "release")
        return True

    def _chance(self, number: int) -> str:
        return f"{self._shared.seed} {self.name} {number}"

    def _step(self) -> None:
        shared = self._shared
        worst = self._agent.worst_case()
        number = shared.phylogeny.last_step(self.name) + 1
        if not self._reserve(number, worst):
            return
        try:
            self._carry_out(number, worst)
        finally:
            self._purse.close()

    def _carry_out(self, number: int, worst: Spend) -> None:
        shared = self._shared
        random = Random(self._chance(number))
        self._tell("state", text="proposing")
        started = time.monotonic()
        step = shared.strategy.plan(shared.phylogeny, self.name, random)
        feedback = shared.directions.feedback(step.parents)
        # Not the strategy's: how much of that one is used depends on what others had made by then.
        own = Random(f"{self._chance(number)} offspring")
        made = shared.nursery.make(self._agent, self.name, number, step, feedback, own)
        recorded = self._record(number, step, made, time.monotonic() - started)
        self._purse.settle(made.spend, worst)
        if made.commit is None or made.tree is None:
            self._without_offspring(made, recorded)
            return
        if made.spend != FREE:
            recorded.result()  # a money record must be durable before anything else is spent
        self._fruitless = self._paid_in_vain = 0
        if self._judge(made.commit, made.tree, made.operator, recorded):
            shared.phylogeny.refresh()
            self._accept(made.commit, random)

    def _reserve(self, number: int, worst: Spend) -> bool:
        """Take an evaluation and reserve the worst case, here and in the journal."""
        shared = self._shared
        if not shared.allowance.take_evaluation():
            shared.stop.wait(_SIBLING_SECONDS)
            return False
        refused = self._purse.reserve(number, worst)
        if refused is None:
            return True
        shared.allowance.give_back_evaluation()
        self._obey(refused)
        return False

    def _obey(self, refused: Refusal) -> None:
        """Wait for siblings or for tomorrow, or end: this agent, or all of the run."""
        shared = self._shared
        if refused.remedy == "wait":
            shared.stop.wait(_SIBLING_SECONDS)
        elif refused.remedy == "tomorrow":
            self._tell("state", text=f"waiting for tomorrow (UTC): {refused.reason} are spent")
            shared.stop.wait(self._at_most(_TOMORROW_SECONDS))
        elif refused.remedy == "agent":
            self._give_up(refused.reason)
        else:
            shared.allowance.end(refused.reason)

    def _record(self, number: int, step: Step, made: Made, seconds: float) -> Future[CommitId]:
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
            time=round(self._shared.clock(), 3),
        )
        keep = (made.commit,) if made.commit is not None else ()
        result = made.commit[:12] if made.commit else made.reason
        return self._shared.journal.append(
            attempt,
            subject=f"{made.operator} by {self.name}: {result}",
            keep=keep,
            artefacts=made.artefacts,
        )

    def _without_offspring(self, made: Made, recorded: Future[CommitId]) -> None:
        self._shared.allowance.give_back_evaluation()
        entry = recorded.result()
        self._shared.phylogeny.refresh()
        self._fruitless += 1
        self._paid_in_vain += made.spend != FREE
        self._tell("attempted", entry=entry, operator=made.operator, text=made.reason)
        if made.stop:
            self._give_up(made.reason)
        self._shared.stop.wait(self._at_most(made.pause))

    def _give_up(self, reason: str) -> None:
        self._given_up = f"{self.name} ended: {reason}"
        self._tell("problem", text=self._given_up)

    def _at_most(self, pause: float) -> float:
        left = self._shared.allowance.seconds_left
        return pause if left is None else min(pause, left)

    def _judge(
        self,
        commit: CommitId,
        tree: TreeId,
        operator: str,
        recorded: Future[CommitId] | None = None,
    ) -> bool:
        """Judge an individual, which may be ``recorded`` only now, for selection; true if it has a score."""
        shared = self._shared
        self._tell("state", text="evaluating", commit=commit)
        task = Task(commit, tree, shared.evaluator_seed, "search", self.name)
        verdict = shared.verdicts.get(task)
        if verdict is None or verdict.entry is None:
            shared.allowance.give_back_evaluation()
        if verdict is None:
            return False
        if recorded is not None and verdict.entry is None:
            recorded.result()  # somebody else's verdict on the same tree may be there before it is
            shared.phylogeny.refresh()
        outcome = verdict.evaluation.outcome
        if isinstance(outcome, Scored) and self._is_record(commit) and shared.noise > 0:
            self._confirm(task)
        self._tell_verdict(commit, tree, operator, verdict)
        return isinstance(outcome, Scored)

    def _is_record(self, commit: CommitId) -> bool:
        best = self._shared.phylogeny.best(1)
        return bool(best) and self._shared.phylogeny.commit(best[0]) == commit

    def _confirm(self, task: Task) -> None:
        """A would-be record under a noisy evaluator is judged again; the mean counts."""
        for repeat in RECORD:
            again = Task(task.commit, task.tree, repeat, "repeat", self.name)
            if self._shared.verdicts.get(again) is None:
                return

    def _tell_verdict(
        self, commit: CommitId, tree: TreeId, operator: str, verdict: Verdict
    ) -> None:
        phylogeny = self._shared.phylogeny
        outcome = verdict.evaluation.outcome
        score = phylogeny.score(phylogeny.index(commit))
        self._tell(
            "evaluated",
            commit=commit,
            tree=tree,
            entry=verdict.entry or "",
            operator=operator,
            outcome=describe(outcome),
            score=score,
        )
        if self._is_record(commit):
            self._tell(
                "best", commit=commit, score=score, text=phylogeny.subject(phylogeny.index(commit))
            )

    def _accept(self, commit: CommitId, random: Random) -> None:
        shared = self._shared
        index = shared.phylogeny.index(commit)
        outcome = shared.phylogeny.outcome(index)
        if outcome is None or not isinstance(outcome, Scored) or shared.phylogeny.pruned(index):
            return
        if not shared.strategy.accepts(shared.phylogeny, self.name, commit, outcome, random):
            return
        ref = HEADS + self.name
        try:
            shared.git.move_ref(ref, old=shared.git.ref(ref), new=commit)
        except ConflictError as error:
            self._tell("problem", commit=commit, text=error.message)
            return
        shared.phylogeny.refresh()
        self._tell("accepted", commit=commit, score=shared.phylogeny.score(index))

    def _tell(
        self,
        kind: Kind,
        *,
        commit: str = "",
        tree: str = "",
        entry: str = "",
        operator: str = "",
        outcome: str = "",
        score: float | None = None,
        text: str = "",
    ) -> None:
        shared = self._shared
        when = round(shared.clock(), 3)
        shared.tell(
            Event(
                kind,
                when,
                shared.worker,
                self.name,
                commit,
                tree,
                entry,
                operator,
                outcome,
                score,
                text,
            )
        )
