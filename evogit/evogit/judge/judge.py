"""One evaluation, from tree to outcome: protected files, gates, then stages, cheap first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from evogit.config.model import Gate, Stage
from evogit.errors import EvaluatorError, UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import check_offspring
from evogit.ids import CommitId, TreeId
from evogit.judge.layout import lay_out, with_protected
from evogit.judge.patience import patient
from evogit.judge.speed import run_speed
from evogit.judge.stages import Bench, run_gate, run_stage
from evogit.judge.workspace import Pool, Slot
from evogit.outcome import Failed, Outcome, Rejected, Scored
from evogit.records import Evaluation
from evogit.sandbox.base import Sandbox
from evogit.swarm.spec import Spec


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be judged: an individual, for which purpose, under which seed.

    For purpose ``repeat`` the seed is the number of the repeat, and the evaluator gets its own
    seed again: only then do repeats show noise instead of other data.
    """

    commit: CommitId
    tree: TreeId
    seed: int
    purpose: str = "search"
    agent: str = ""


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
        self._pool = Pool(git, folder, slots)
        self._evaluator = lay_out(git, spec.evaluator, evaluators)
        self._clock = clock
        self._gates_lock = threading.Lock()
        self._gate_seconds: dict[str, float] | None = None

    def evaluate(self, task: Task) -> Evaluation:
        """Judge one individual now, without looking into any cache.

        Raises:
            EvaluatorError: the sandbox itself does not work; says nothing about the individual.
            OSError: the disk refused.
        """
        started = time.monotonic()
        try:
            outcome = self._outcome(task)
        except EvaluatorError:
            # A sandbox's helper process may have died of something else; a second failure counts.
            outcome = self._outcome(task)
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
        )

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
        ours, base = (self.evaluate(task).outcome for task in tasks)
        if not isinstance(ours, Scored) or not isinstance(base, Scored):
            return ours if not isinstance(ours, Scored) else None
        sign = 1 if evaluate.direction == "maximize" else -1
        if sign * ours.score > sign * base.score:
            return None
        return Failed(
            "hold-out", f"score {ours.score:g} is no better than the base's {base.score:g}"
        )

    def _outcome(self, task: Task) -> Outcome:
        with self._pool.slot() as slot:
            evaluate = self.spec.settings.evaluate
            seed = evaluate.seed if task.purpose == "repeat" else task.seed
            bench = self._bench(slot, task.tree, seed)
            if not isinstance(bench, Bench):
                return bench
            if task.purpose == "holdout":
                return (
                    self._stage(evaluate.holdout, bench, slot)
                    if evaluate.holdout
                    else Rejected("no hold-out")
                )
            refused = self._run_gates(bench, task.tree, slot)
            return refused if refused is not None else self._run_stages(bench, slot)

    def _bench(self, slot: Slot, tree: TreeId, seed: int) -> Bench | Outcome:
        try:
            check_offspring(self._git.handle, self._base, tree)
            folder = slot.candidate.show(with_protected(self._git, self.spec, self._base, tree))
        except UserError as error:
            return Rejected(error.message)
        plausible = self.spec.settings.evaluate.plausible
        return Bench(self._sandbox, folder, self._evaluator, seed, plausible)

    def _run_gates(self, bench: Bench, tree: TreeId, slot: Slot) -> Outcome | None:
        known = {} if tree == self._base else self._base_gates(bench, slot)
        for gate in self.spec.settings.evaluate.gates:
            refused = run_gate(_patient(gate, known.get(gate.name)), bench)
            if refused is not None:
                return refused
        return None

    def _base_gates(self, bench: Bench, slot: Slot) -> dict[str, float]:
        """Seconds each gate takes on the base, measured once; without those that it fails."""
        with self._gates_lock:
            if self._gate_seconds is None:
                base = replace(bench, candidate=slot.base.show(self._base))
                found: dict[str, float] = {}
                for gate in self.spec.settings.evaluate.gates:
                    started = time.monotonic()
                    if run_gate(gate, base) is None:
                        found[gate.name] = time.monotonic() - started
                self._gate_seconds = found
            return self._gate_seconds

    def _run_stages(self, bench: Bench, slot: Slot) -> Outcome:
        outcome: Outcome = Rejected("the evaluator has no stages")
        metrics: dict[str, float] = {}
        for stage in self.spec.settings.evaluate.stages:
            outcome = self._stage(stage, bench, slot)
            if not isinstance(outcome, Scored):
                return outcome
            metrics |= outcome.metrics
            outcome = replace(outcome, metrics=dict(metrics))
            if not self._reaches(stage, outcome.score):
                return self._below(stage, outcome)
        return outcome

    def _stage(self, stage: Stage, bench: Bench, slot: Slot) -> Outcome:
        if stage.score == "speed":
            return run_speed(stage, bench, slot.base.show(self._base))
        return run_stage(stage, bench)

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


def _patient(gate: Gate, base_seconds: float | None) -> Gate:
    if base_seconds is None:
        return gate
    return gate.model_copy(update={"limits": patient(gate.limits, base_seconds)})
