"""A verdict on an individual: from the cache, from another worker's journal, or from the judge."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evogit.ids import CommitId
from evogit.judge.judge import Judge, Task
from evogit.outcome import describe
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.swarm.claims import Claims
from evogit.swarm.journal import Journal

_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """An evaluation, and its journal entry if it was made just now (``None``: from the cache)."""

    evaluation: Evaluation
    entry: CommitId | None


class Verdicts:
    """Evaluations with cache and claims. Thread-safe.

    Args:
        judge: judges what nobody has judged yet.
        phylogeny: knows every evaluation in the journals.
        journal: where new ones are written.
        claims: so that of all workers of this clone only one judges the same tree.
        stopping: true once this worker must end; waiting for another worker then ends too.
    """

    def __init__(
        self,
        judge: Judge,
        phylogeny: Phylogeny,
        journal: Journal,
        claims: Claims,
        stopping: Callable[[], bool],
    ) -> None:
        self.judge = judge
        self._phylogeny = phylogeny
        self._journal = journal
        self._claims = claims
        self._stopping = stopping

    def known(self, task: Task) -> Verdict | None:
        """The cached verdict, if anybody's journal holds one."""
        found = self._phylogeny.evaluation(task.tree, task.seed, task.purpose)
        return Verdict(found, None) if found is not None else None

    def get(self, task: Task) -> Verdict | None:
        """The verdict on an individual; ``None`` only if the worker must end while it waits.

        A new evaluation is durable in the journal and visible in the phylogeny on return.

        Raises:
            EvaluatorError: the sandbox does not work.
            OSError, GitError: the journal could not be written.
        """
        evaluator, environment = self.judge.spec.evaluator, self.judge.environment
        job = f"{task.tree} {evaluator} {environment} {task.seed} {task.purpose}"
        while not self._claims.take(job):
            self._phylogeny.refresh()
            found = self.known(task)
            if found is not None or self._stopping():
                return found
            time.sleep(_POLL_SECONDS)
        try:
            self._phylogeny.refresh()
            return self.known(task) or self._judge(task)
        finally:
            self._claims.release(job)

    def _judge(self, task: Task) -> Verdict:
        evaluation = self.judge.evaluate(task)
        subject = f"evaluate {task.commit[:12]}: {describe(evaluation.outcome)}"
        entry = self._journal.append(evaluation, subject=subject, keep=(task.commit,)).result()
        self._phylogeny.refresh()
        return Verdict(evaluation, entry)
