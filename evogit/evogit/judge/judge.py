"""One evaluation, from tree to outcome: protected files, gates, then stages, cheap first."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evogit.config.model import Stage
from evogit.errors import EvaluatorError, UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import check_offspring
from evogit.ids import CommitId, TreeId
from evogit.inline_tests.check import check_inline_tests
from evogit.judge.asking import run_asking
from evogit.judge.gates import Gates
from evogit.judge.layout import lay_out, with_protected
from evogit.judge.pairwise import Rival, run_pairwise
from evogit.judge.speed import run_speed
from evogit.judge.stages import Bench, run_stage, score_answer
from evogit.judge.workspace import Pool, Slot
from evogit.oracle import Meter
from evogit.outcome import Failed, Outcome, Quarantined, Rejected, Scored
from evogit.quarantine.finding import Finding, holds, summary
from evogit.quarantine.scan import Scanner
from evogit.records import HELD_OUT_AGAIN, TRIAL, Evaluation
from evogit.sandbox.base import Sandbox
from evogit.swarm.spec import Spec

_AGAIN: Final = "again"
_RERUNS: Final = 3
_ROUNDING: Final = 1e-9
"""Sums in another order differ by this much, relative to the score."""
_NO_NAME: Final = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)
"""What a file system says of names it can not hold; anything else is trouble of this machine."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be judged: an individual, for which purpose, under which seed.

    For the purposes ``repeat`` and ``trial`` the seed is the number of the repeat, and the evaluator gets
    its own seed again: only then do repeats show noise instead of other data. ``probe`` judges like
    ``search``, under another seed.

    ``accepted`` are the trees of parents in the population: what they hold is not new. What a
    human ``released`` is run whatever the scan says. ``rivals`` are trees and scores to compare
    with where there is no metric: the best parent, then the best so far; else it is the base.
    """

    commit: CommitId
    tree: TreeId
    seed: int
    purpose: str = "search"
    agent: str = ""
    accepted: tuple[TreeId, ...] = ()
    released: bool = False
    rivals: tuple[tuple[TreeId, float], ...] = ()


class Judge:
    """Judges individuals under one version of the spec. Thread-safe: as many at once as slots.

    Args:
        git: the swarm repository.
        spec: pins evaluator, gates and protected files.
        base: the commit evolution started from; ``speed`` compares with it.
        sandbox: runs candidates and scorers; closed by whoever made it.
        environment: digest of what the sandbox provides, part of the cache key.
        folder: private folder for workspaces, of this worker alone.
        evaluators: folder for laid-out evaluators, shared by workers.
        slots: how many evaluations may run at once.
        clock: wall-clock seconds since 1970, for records only.
    """

    def __init__(
        self,
        git: GitRepository,
        spec: Spec,
        base: CommitId,
        sandbox: Sandbox,
        environment: str,
        *,
        folder: Path,
        evaluators: Path,
        slots: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._git = git
        self.spec = spec
        self._base = git.commit(base).tree
        self._sandbox = sandbox
        self.environment = environment
        self._folder = folder
        self._pool = Pool(git, folder, slots)
        self._scanner = Scanner(git, spec, self._base)
        self._evaluator = lay_out(git, spec.evaluator, evaluators)
        self._clock = clock
        self._gates = Gates(spec.settings.evaluate.gates)
        self.oracle: Meter | None = None

    def asking(self, oracle: Meter) -> Judge:
        """This judge, asking ``oracle`` where a stage needs a language model."""
        bound = copy(self)
        bound.oracle = oracle
        return bound

    def against(self, commit: CommitId) -> Judge:
        """This judge with another commit as the base: what a human puts an individual onto."""
        tree = self._git.commit(commit).tree
        if tree == self._base:
            return self
        bound = copy(self)
        bound._base = tree  # noqa: SLF001  # a copy of this object
        bound._gates = Gates(self.spec.settings.evaluate.gates)  # noqa: SLF001
        return bound

    def evaluate(self, task: Task) -> Evaluation:
        """Judge one individual now, without looking into any cache.

        It is not run if what it added holds it, unless it was released; its score is then held.

        Raises:
            EvaluatorError: the sandbox itself does not work; says nothing about the individual.
            OSError: the disk refused.
        """
        started = time.monotonic()
        findings = self._scanner.scan(task.tree, task.accepted)
        outcome: Outcome
        if holds(findings) and not task.released:
            outcome = Quarantined(summary(findings))
        else:
            outcome = held_for(findings, self._run(task))
        return Evaluation(
            commit=task.commit,
            tree=task.tree,
            evaluator=self.spec.evaluator,
            environment=self.environment,
            seed=task.seed,
            outcome=outcome,
            agent=task.agent,
            purpose=task.purpose,
            sandbox=self._sandbox.name,
            seconds=round(time.monotonic() - started, 6),
            time=round(self._clock(), 3),
            findings=findings,
        )

    def parents(self, commit: CommitId) -> tuple[CommitId, ...]:
        """The parents of an individual, which may be so new that no index knows it yet."""
        return self._git.commit(commit).parents

    def _run(self, task: Task) -> Outcome:
        try:
            return self._outcome(task, self._pool)
        except EvaluatorError:
            # A sandbox's helper process may have died of something else; a second failure counts.
            return self._outcome(task, self._pool)

    def gates(self, tree: TreeId) -> Outcome | None:
        """``None`` if ``tree`` passes every gate, else the first that it does not.

        Raises:
            EvaluatorError: the sandbox itself does not work.
        """
        with self._pool.slot() as slot:
            bench = self._bench(slot, tree, self.spec.settings.evaluate.seed)
            return bench if not isinstance(bench, Bench) else self._run_gates(bench, tree, slot)

    def held_out(self, commit: CommitId, tree: TreeId) -> Outcome | None:
        """``None`` if ``tree`` beats the base on held-out data, or if there is none; else why not.

        Both are judged anew, in fresh sandboxes: a score that selection has seen proves little.

        Raises:
            EvaluatorError: the sandbox itself does not work.
        """
        evaluate = self.spec.settings.evaluate
        if evaluate.holdout is None:
            return None
        tasks = [Task(commit, one, evaluate.seed, "holdout") for one in (tree, self._base)]
        ours, base = (measured(self._run(task)) for task in tasks)
        if not isinstance(ours, Scored) or not isinstance(base, Scored):
            return ours if not isinstance(ours, Scored) else None
        sign = 1 if evaluate.direction == "maximize" else -1
        if sign * ours.score > sign * base.score:
            return None
        return Failed(
            "hold-out", f"score {ours.score:g} is no better than the base's {base.score:g}"
        )

    def again(self, tree: TreeId, recorded: float | None, noise: float) -> Outcome | None:
        """``None`` if ``tree``, judged once more, is as good as ``recorded``; else why not.

        It is laid out in a new folder and run in new processes, not from a warm server (but for
        ``speed``), so that nothing an earlier evaluation left can help it. Under noise the mean of
        three runs counts.

        Args:
            tree: the individual's.
            recorded: its score in the journals; ``None`` if any will do.
            noise: how much worse it may be; 0 for an evaluator without noise.

        Raises:
            EvaluatorError: the sandbox itself does not work.
            OSError: the disk refused.
        """
        folder = self._folder.with_name(f"{self._folder.name}-again")
        shutil.rmtree(folder, ignore_errors=True)
        scores: list[float] = []
        try:
            pool = Pool(self._git, folder, 1)
            for _ in range(_RERUNS if noise > 0 else 1):
                task = Task(CommitId(""), tree, self.spec.settings.evaluate.seed, _AGAIN)
                found = measured(self._outcome(task, pool))
                if not isinstance(found, Scored):
                    return found
                scores.append(found.score)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if recorded is None:
            return None
        if self.spec.settings.evaluate.ladder:
            recorded = min(recorded, 1.0)  # without its history only the base is there to beat
        return self._worse(sum(scores) / len(scores), recorded, noise)

    def _worse(self, score: float, recorded: float, noise: float) -> Outcome | None:
        sign = 1 if self.spec.settings.evaluate.direction == "maximize" else -1
        if sign * (recorded - score) <= max(noise, _ROUNDING * abs(recorded)):
            return None
        return Failed(
            "evaluation",
            f"judged once more it scores {score:g}, which is worse than the {recorded:g} on record"
            f" by more than the noise of {noise:g}",
        )

    def _outcome(self, task: Task, pool: Pool) -> Outcome:
        with pool.slot() as slot:
            evaluate = self.spec.settings.evaluate
            numbered = task.purpose in {"repeat", TRIAL, HELD_OUT_AGAIN}
            seed = evaluate.seed if numbered else task.seed
            bench = self._bench(slot, task.tree, seed)
            if not isinstance(bench, Bench):
                return bench
            if task.purpose in {"holdout", HELD_OUT_AGAIN}:
                return (
                    self._stage(evaluate.holdout, bench, slot, task)
                    if evaluate.holdout
                    else Rejected("no hold-out")
                )
            refused = self._run_gates(bench, task.tree, slot)
            return refused if refused is not None else self._run_stages(bench, slot, task)

    def _bench(self, slot: Slot, tree: TreeId, seed: int) -> Bench | Outcome:
        try:
            check_offspring(self._git.handle, self._base, tree)
            check_inline_tests(self._git, self._base, tree, self.spec.settings.search.protected)
            folder = slot.candidate.show(with_protected(self._git, self.spec, self._base, tree))
        except UserError as error:
            return Rejected(error.message)
        except OSError as error:
            if error.errno in _NO_NAME:
                return Rejected(f"it holds a file that can not be written here: {error.strerror}")
            raise
        plausible = self.spec.settings.evaluate.plausible
        return Bench(self._sandbox, folder, self._evaluator, seed, plausible, self.oracle)

    def _run_gates(self, bench: Bench, tree: TreeId, slot: Slot) -> Outcome | None:
        base = None if tree == self._base else lambda: slot.base.show(self._base)
        return self._gates.refusal(bench, base)

    def _run_stages(self, bench: Bench, slot: Slot, task: Task) -> Outcome:
        outcome: Outcome = Rejected("the evaluator has no stages")
        metrics: dict[str, float] = {}
        doubt = ""
        for stage in self.spec.settings.evaluate.stages:
            # The start of an interpreter would count on both sides of a ratio of times.
            cold = task.purpose == _AGAIN and stage.score != "speed"
            one = stage.model_copy(update={"warm": False}) if cold else stage
            outcome = self._stage(one, bench, slot, task)
            if isinstance(outcome, Quarantined) and outcome.held is not None:
                doubt, outcome = doubt or outcome.reason, outcome.held
            if not isinstance(outcome, Scored):
                return outcome
            metrics |= outcome.metrics
            outcome = replace(outcome, metrics=dict(metrics))
            if not self._reaches(stage, outcome.score):
                return self._below(stage, outcome)
        return Quarantined(doubt, outcome) if doubt and isinstance(outcome, Scored) else outcome

    def _stage(self, stage: Stage, bench: Bench, slot: Slot, task: Task) -> Outcome:
        if stage.score == "speed":
            base = slot.base.show(self._base)
            return run_speed(stage, bench, base, itself=task.tree == self._base)
        if stage.score == "pairwise":
            goal = self.spec.settings.goal
            return run_pairwise(stage, bench, goal, self._rivals(slot, task))
        if stage.exchange == "model":
            return score_answer(stage, bench, *run_asking(stage, bench))
        return run_stage(stage, bench)

    def _rivals(self, slot: Slot, task: Task) -> list[Rival]:
        if task.tree == self._base:
            return []

        def rival(tree: TreeId, score: float) -> Rival:
            whole = with_protected(self._git, self.spec, self._base, tree)
            return Rival(score, lambda: slot.base.show(whole))

        return [rival(*one) for one in task.rivals or ((self._base, 0.0),)]

    def _reaches(self, stage: Stage, score: float) -> bool:
        if stage.threshold is None:
            return True
        if self.spec.settings.evaluate.direction == "minimize":
            return score <= stage.threshold
        return score >= stage.threshold

    def _below(self, stage: Stage, outcome: Scored) -> Outcome:
        return Failed(
            stage.name, f"score {outcome.score:g} misses the threshold {stage.threshold:g}"
        )


def held_for(findings: tuple[Finding, ...], outcome: Outcome) -> Outcome:
    """``outcome``, but a score that ``findings`` hold becomes what is held."""
    if not holds(findings):
        return outcome
    if isinstance(outcome, Quarantined):
        return replace(outcome, reason=f"{summary(findings)}; {outcome.reason}")
    return Quarantined(summary(findings), outcome) if isinstance(outcome, Scored) else outcome


def measured(outcome: Outcome) -> Outcome:
    """What was measured, held or not."""
    held = outcome.held if isinstance(outcome, Quarantined) else None
    return outcome if held is None else held
