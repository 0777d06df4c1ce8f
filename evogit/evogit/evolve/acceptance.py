"""What becomes of an agent's individuals: they are judged, and its branch moves to those it takes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random

from evogit.analysis.separation import RECORD
from evogit.errors import ConflictError, NotFoundError
from evogit.evolve.evaluating import Verdict
from evogit.evolve.shared import Shared
from evogit.evolve.unfinished import is_judged, unfinished
from evogit.ids import HEADS, CommitId, TreeId
from evogit.judge.judge import Task
from evogit.outcome import Scored, describe
from evogit.phylogeny.views import AttemptRow


@dataclass(frozen=True, slots=True)
class Case:
    """An offspring to be decided on.

    Args:
        commit: the individual.
        tree: its genome.
        operator: made it.
        paid: whether making it cost something.
        recorded: its attempt, which may not be durable yet.
        begun: when the step began, seconds since 1970.
        random: the step's source of chance.
    """

    commit: CommitId
    tree: TreeId
    operator: str
    paid: bool
    recorded: Future[CommitId]
    begun: float
    random: Random


class Acceptance:
    """Judges and accepts for one agent, in one thread at a time.

    Args:
        name: the agent's name and branch.
        shared: what it shares with its siblings.

    Its methods raise EvaluatorError if the sandbox can not be used on this machine, and OSError or
    GitError if the repository can not be written.
    """

    def __init__(self, name: str, shared: Shared) -> None:
        self._name = name
        self._shared = shared

    def catch_up(self, chance: Callable[[int], str]) -> None:
        """Finish what an earlier process of the same name left: judge, accept.

        Args:
            chance: what the random choices of a step are seeded with, by its number.
        """
        phylogeny = self._shared.phylogeny
        phylogeny.refresh()
        self._judge_tip()
        for attempt in unfinished(phylogeny, self._name, self._shared.ahead):
            self._finish(attempt, Random(chance(attempt.step)))

    def _finish(self, attempt: AttemptRow, random: Random) -> None:
        phylogeny, offspring = self._shared.phylogeny, attempt.offspring
        if offspring is None:
            return
        row = phylogeny.index(offspring)
        if phylogeny.tips.get(self._name) == row or self._is_lost(offspring, attempt.step):
            return
        if not is_judged(phylogeny, attempt):
            self._judge_row(row)
        elif self._shared.noise > 0 and self._is_record(offspring):
            self._confirm(self._task(offspring, phylogeny.tree(row)))
        if not self._shared.directions.seeded(self._name, attempt.time):
            self.accept(offspring, random)

    def _is_lost(self, offspring: CommitId, step: int) -> bool:
        """Whether git can not read an offspring any more; then it is told, and the agent goes on."""
        try:
            self._shared.git.commit(offspring)
        except NotFoundError as error:
            text = f"the offspring of step {step} is lost and not judged: {error.message}"
            self._shared.say("warning", self._name, text=text)
            return True
        return False

    def _judge_tip(self) -> None:
        """Judge where the agent stands if nobody did under this evaluator and environment.

        Without a score there any offspring would be better.
        """
        phylogeny = self._shared.phylogeny
        tip = phylogeny.tips.get(self._name)
        if tip is not None and not phylogeny.pruned(tip) and phylogeny.outcome(tip) is None:
            self._judge_row(tip)

    def _judge_row(self, row: int) -> None:
        phylogeny = self._shared.phylogeny
        if self._shared.allowance.take_evaluation():
            self.judge(phylogeny.commit(row), phylogeny.tree(row), phylogeny.operator(row))
            phylogeny.refresh()

    def any_released(self) -> bool:
        """Whether an individual waits that was held before it was run and released since."""
        return self._shared.verdicts.waiting(self._shared.evaluator_seed, self._name) is not None

    def judge_released(self, refused: Callable[[], object]) -> bool:
        """Judge one individual that was held before it was run and released since, if any waits.

        Args:
            refused: anything but ``None`` if no money may be spent now.
        """
        shared = self._shared
        task = shared.verdicts.waiting(shared.evaluator_seed, self._name)
        if task is None or refused() is not None or not shared.allowance.take_evaluation():
            return False
        self.judge(task.commit, task.tree, "release")
        return True

    def decide(self, case: Case) -> None:
        """Judge an offspring, and move the branch to it if the strategy wants that.

        Not if a human put the agent somewhere since. An agent with several steps leaves it to the next
        process of its worker if the run was stopped or its time is over before its turn came.
        """
        shared = self._shared
        try:
            if shared.ahead and (shared.stop.is_set() or shared.allowance.seconds_left == 0):
                shared.allowance.give_back_evaluation()
                return
            if case.paid:
                case.recorded.result()  # durable before anything else is spent
            scored = self.judge(case.commit, case.tree, case.operator, case.recorded)
            if scored and not shared.directions.seeded(self._name, case.begun):
                self.accept(case.commit, case.random)
        finally:
            shared.budget.judged(case.commit)

    def judge(
        self,
        commit: CommitId,
        tree: TreeId,
        operator: str,
        recorded: Future[CommitId] | None = None,
    ) -> bool:
        """Judge an individual, which may be ``recorded`` only now, for selection; true if it has a score."""
        shared = self._shared
        shared.say("state", self._name, text="evaluating", commit=commit)
        task = self._task(commit, tree)
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

    def _task(self, commit: CommitId, tree: TreeId) -> Task:
        return Task(commit, tree, self._shared.evaluator_seed, "search", self._name)

    def _is_record(self, commit: CommitId) -> bool:
        best = self._shared.phylogeny.best(1)
        return bool(best) and self._shared.phylogeny.commit(best[0]) == commit

    def _confirm(self, task: Task) -> None:
        """A would-be record under a noisy evaluator is judged again; the mean counts."""
        for repeat in RECORD:
            again = Task(task.commit, task.tree, repeat, "repeat", self._name)
            if self._shared.verdicts.get(again) is None:
                return

    def _tell_verdict(
        self, commit: CommitId, tree: TreeId, operator: str, verdict: Verdict
    ) -> None:
        shared, phylogeny = self._shared, self._shared.phylogeny
        row = phylogeny.index(commit)
        shared.say(
            "evaluated",
            self._name,
            commit=commit,
            tree=tree,
            entry=verdict.entry or "",
            operator=operator,
            outcome=describe(verdict.evaluation.outcome),
            score=phylogeny.score(row),
        )
        if self._is_record(commit):
            score, text = phylogeny.score(row), phylogeny.subject(row)
            shared.say("best", self._name, commit=commit, score=score, text=text)

    def accept(self, commit: CommitId, random: Random) -> None:
        """Move the agent's branch to an individual if its strategy wants it there."""
        shared = self._shared
        index = shared.phylogeny.index(commit)
        outcome = shared.phylogeny.outcome(index)
        if not isinstance(outcome, Scored) or shared.phylogeny.pruned(index):
            return
        if not shared.strategy.accepts(shared.phylogeny, self._name, commit, outcome, random):
            return
        ref = HEADS + self._name
        try:
            shared.git.move_ref(ref, old=shared.git.ref(ref), new=commit)
        except ConflictError as error:
            shared.say("problem", self._name, commit=commit, text=error.message)
            return
        shared.phylogeny.refresh()
        score = shared.phylogeny.score(index)
        shared.say("accepted", self._name, commit=commit, score=score)
