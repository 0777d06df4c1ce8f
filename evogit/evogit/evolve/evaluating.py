"""A verdict on an individual: from the cache, from another worker's journal, or from the judge."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from evogit.evolve.billing import Bill
from evogit.ids import CommitId, TreeId
from evogit.judge.judge import Judge, Task
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, TimedOut, describe
from evogit.phylogeny.index import Phylogeny
from evogit.quarantine.signals import scored_parents, weigh
from evogit.records import Evaluation
from evogit.swarm.claims import Claims
from evogit.swarm.journal import Journal

_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """An evaluation, and its journal entry if it was made just now (``None``: from the cache)."""

    evaluation: Evaluation
    entry: CommitId | None


def judge_now(judge: Judge, phylogeny: Phylogeny, task: Task) -> Evaluation:
    """Judge an individual as part of its run: with its parents, the run's history, and decisions.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError: the disk refused.
    """
    parents = scored_parents(judge, phylogeny, task.commit)
    accepted = tuple(phylogeny.tree(parent) for parent in parents)
    released = phylogeny.quarantine.released(task.tree)
    rivals = _rivals(phylogeny, parents) if judge.spec.settings.evaluate.ladder else ()
    asked = replace(task, accepted=accepted, released=released, rivals=rivals)
    found = _after_known(judge.evaluate(asked), phylogeny)
    # A second witness would have to be paid for, and models differ from answer to answer anyway.
    return found if judge.spec.settings.evaluate.asks else weigh(judge, phylogeny, asked, found)


def _after_known(found: Evaluation, phylogeny: Phylogeny) -> Evaluation:
    """``found``, later than every verdict on the same key: the clock of another host may be ahead."""
    known = phylogeny.evaluation(found.tree, found.seed, found.purpose)
    if known is None or known.time < found.time:
        return found
    return replace(found, time=math.nextafter(known.time, math.inf))


def _rivals(phylogeny: Phylogeny, parents: list[int]) -> tuple[tuple[TreeId, float], ...]:
    """The best parent, and the best of all if that is another one."""
    rows = [max(parents, key=phylogeny.fitness)] if parents else []
    rows += [row for row in phylogeny.best(1) if row not in rows]
    scores = [(phylogeny.tree(row), phylogeny.score(row)) for row in rows]
    return tuple((tree, score) for tree, score in scores if score is not None)


def to_be_run(phylogeny: Phylogeny, evaluation: Evaluation) -> bool:
    """Whether it only says that the individual was held unseen, and a human released it since."""
    outcome = evaluation.outcome
    unseen = isinstance(outcome, Quarantined) and outcome.held is None
    return unseen and phylogeny.quarantine.released(evaluation.tree)


def may_pass(outcome: Outcome) -> bool:
    """Whether it was run and failed, so that another run of the same tree could end otherwise."""
    return isinstance(outcome, Failed | TimedOut | Crashed)


class Verdicts:
    """Evaluations with cache and claims. Thread-safe.

    Args:
        judge: judges what nobody has judged yet.
        phylogeny: knows every evaluation in the journals.
        journal: where new ones are written.
        claims: so that of all workers of this clone only one judges the same tree.
        stopping: true once this worker must end; waiting for another worker then ends too.
        bill: pays for what the evaluator asks a language model.
    """

    def __init__(
        self,
        judge: Judge,
        phylogeny: Phylogeny,
        journal: Journal,
        claims: Claims,
        stopping: Callable[[], bool],
        bill: Bill | None = None,
    ) -> None:
        self.judge = judge
        self._phylogeny = phylogeny
        self._journal = journal
        self._claims = claims
        self._stopping = stopping
        self._bill = bill

    def known(self, task: Task) -> Verdict | None:
        """The cached verdict, if anybody's journal holds one that still says something."""
        found = self._phylogeny.evaluation(task.tree, task.seed, task.purpose)
        if found is None or to_be_run(self._phylogeny, found):
            return None
        return Verdict(found, None)

    def waiting(self, seed: int, agent: str) -> Task | None:
        """An individual that was held unseen and then released: to be judged for selection."""
        rows = self._phylogeny.quarantine.unmeasured()
        if not rows:
            return None
        commit, tree = self._phylogeny.commit(rows[0]), self._phylogeny.tree(rows[0])
        return Task(commit, tree, seed, "search", agent)

    @property
    def stopping(self) -> bool:
        """Whether the worker must end."""
        return self._stopping()

    def get(self, task: Task, *, instead_of: Evaluation | None = None) -> Verdict | None:
        """The verdict on an individual; ``None`` only if the worker must end before it is there.

        A new evaluation is durable in the journal and visible in the phylogeny on return. One that
        is made ``instead_of`` a known one takes its place.

        Raises:
            EvaluatorError: the sandbox does not work.
            OSError, GitError: the journal could not be written.
        """
        evaluator, environment = self.judge.spec.evaluator, self.judge.environment

        def known() -> Verdict | None:
            found = self.known(task)
            if found is None or instead_of is None:
                return found
            return None if found.evaluation.time == instead_of.time else found

        job = f"{task.tree} {evaluator} {environment} {task.seed} {task.purpose}"
        while not self._claims.take(job):
            self._phylogeny.refresh()
            found = known()
            if found is not None or self._stopping():
                return found
            time.sleep(_POLL_SECONDS)
        try:
            self._phylogeny.refresh()
            return known() or self._judge(task)
        finally:
            self._claims.release(job)

    def _judge(self, task: Task) -> Verdict | None:
        if self._bill is None:
            return self._record(judge_now(self.judge, self._phylogeny, task), task)
        with self._bill.paying(self.judge, task) as judge:
            if judge is None:
                return None
            evaluation = judge_now(judge, self._phylogeny, task)
        return self._record(evaluation, task)

    def _record(self, evaluation: Evaluation, task: Task) -> Verdict:
        subject = f"evaluate {task.commit[:12]}: {describe(evaluation.outcome)}"
        entry = self._journal.append(evaluation, subject=subject, keep=(task.commit,)).result()
        self._phylogeny.refresh()
        return Verdict(evaluation, entry)
