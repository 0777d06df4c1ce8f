"""What judging itself costs, where an evaluator asks a language model: reserved, recorded, capped.

The bill of an evaluation is an ``attempt`` of the operator ``judge`` by ``<agent>-judge``, or
``<worker>-judge`` if no agent of the worker asked, without offspring, with prompts and answers as
artefacts. So it counts towards every cap, and ``evogit
cost`` shows who asked how much.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from evogit.config.model import Goal, Stage
from evogit.evolve.allowance import Allowance
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.spending import FREE, Refusal, exceeds, in_words, total
from evogit.ids import slug
from evogit.judge.judge import Judge, Task
from evogit.judge.pairwise import longest_question
from evogit.oracle import LONGEST_PROMPT, Meter, Oracle
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Spend
from evogit.redact import Redactor
from evogit.swarm.identity import JUDGE_SUFFIX, worker_of
from evogit.swarm.journal import Journal

JUDGE: Final = JUDGE_SUFFIX.removeprefix("-")
_RIVALS: Final = 2
_ORDERS: Final = 2
_WAIT_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Bill:
    """Who pays for what evaluators ask. Thread-safe.

    Args:
        oracle: answers; one for each model's name.
        phylogeny: knows what was spent.
        journal: of this worker.
        allowance: what this invocation may spend.
        budget: what the swarm may spend.
        redactor: takes secrets out of prompts.
        stop: set once the worker must end.
        clock: seconds since 1970.
        newest: the number of the newest bill by who pays, under ``lock``.
    """

    oracle: Callable[[str], Oracle]
    phylogeny: Phylogeny
    journal: Journal
    allowance: Allowance
    budget: SwarmBudget
    redactor: Redactor
    stop: threading.Event
    clock: Callable[[], float] = time.time
    newest: dict[str, int] = field(default_factory=dict[str, int], init=False)
    lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @contextmanager
    def paying(self, judge: Judge, task: Task, times: int = 1) -> Generator[Judge | None]:
        """A judge that may ask for so many evaluations, or ``None`` if a cap forbids it or the worker must end.

        The reservation is durable before the first question, the bill on return.

        Raises:
            ConfigError: the model can not be opened.
            OSError, GitError: the journal could not be written.
        """
        stages = [stage for stage in judge.spec.settings.evaluate.all_stages if stage.asks]
        if not stages:
            yield judge
            return
        oracle = self.oracle(stages[0].ask.model if stages[0].ask else "")
        name = self._payer(task)
        self.phylogeny.refresh()
        number = self._number(name)
        worst = worst_case(stages, oracle, times, judge.spec.settings.goal)
        if not self._reserve(name, number, worst):
            yield None
            return
        meter = Meter(oracle, self.redactor.text, worst, self._wait)
        try:
            yield judge.asking(meter)
        finally:
            if worst != FREE or meter.transcript:
                self._record(name, task, number, meter, worst)
            self.allowance.settle(name, number, meter.spend)
            self.budget.done(name, number)

    def _number(self, name: str) -> int:
        """Of the next bill: no two under way have the same, or one would settle the other's."""
        with self.lock:
            number = max(self.newest.get(name, 0), self.phylogeny.last_step(name)) + 1
            self.newest[name] = number
        return number

    def _payer(self, task: Task) -> str:
        """The agent, or this worker if somebody else asks, such as a human who merges.

        So whoever has this journal next knows that a reservation left open is its to settle, and two
        persons of one name on two hosts do not settle each other's.
        """
        own = worker_of(task.agent) == self.journal.writer
        return slug((task.agent if own else self.journal.writer) + JUDGE_SUFFIX)

    def _wait(self, seconds: float) -> bool:
        """Wait for the provider; false if the worker must end, or its time does before that."""
        left = self.allowance.seconds_left
        stopped = self.stop.wait(seconds if left is None else min(seconds, left))
        return not stopped and (left is None or seconds < left)

    def _reserve(self, name: str, number: int, worst: Spend) -> bool:
        while not self.stop.is_set():
            refused = self.allowance.reserve(name, number, worst)
            refused = refused or self._of_swarm(name, number, worst)
            if refused is None:
                return True
            self.allowance.settle(name, number, FREE)
            if refused.remedy != "wait":
                self.allowance.end(refused.in_words, for_good=refused.remedy == "swarm")
                return False
            self.stop.wait(_WAIT_SECONDS)
        return False

    def _of_swarm(self, name: str, number: int, worst: Spend) -> Refusal | None:
        with self.budget.turn():
            refused = self.budget.unaffordable(name, worst, self.clock())
            if refused is None and worst != FREE:
                self.budget.reserve(self.journal, name, number, worst, self.clock())
            return refused

    def _record(self, name: str, task: Task, number: int, meter: Meter, worst: Spend) -> None:
        what = f"{JUDGE} {task.commit[:12]}: {len(meter.transcript)} answers"
        if exceeds(meter.spend, worst):
            what += f" for {in_words(meter.spend)}, more than the {in_words(worst)} reserved"
        record = Attempt(
            agent=name,
            operator=JUDGE,
            step=number,
            parents=(task.commit,) if task.commit else (),
            reason=what,
            spend=meter.spend,
            time=round(self.clock(), 3),
        )
        said = {"asked.json": transcript(meter)}
        self.journal.append(record, subject=what, artefacts=said).result()


def worst_case(stages: list[Stage], oracle: Oracle, times: int, goal: Goal) -> Spend:
    """An upper bound of what judging so many times may cost, whatever the text is made of."""
    spends: list[Spend] = []
    for ask, pairwise in ((s.ask, s.score == "pairwise") for s in stages if s.ask is not None):
        calls = _RIVALS * _ORDERS * ask.votes if pairwise else ask.calls
        longest = longest_question(goal) if pairwise else LONGEST_PROMPT
        # No text has more tokens than bytes; a text of digits has as many.
        spends += [oracle.worst_case("0" * longest, ask.max_tokens)] * (calls * times)
    return total(spends)


def transcript(meter: Meter) -> bytes:
    """What was asked and answered, as JSON."""
    said = [
        {"prompt": prompt, "text": answer.text, "problem": answer.problem}
        for prompt, answer in meter.transcript
    ]
    return json.dumps(said, indent=1).encode()
