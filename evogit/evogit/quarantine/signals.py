"""What was measured, weighed: a gain far outside of the run's history needs a second witness.

Gains of successive records shrink in an honest search. Were they independent and exponential, the
next would be more than ``k`` times the largest of ``n`` with probability 1/(1+k) * 2/(2+k) * ... *
n/(n+k): for ``k`` = 10 and ``n`` = 5 that is 1 in 3,003. Such a jump is believed if data that
selection never saw confirm it, and held for a human if not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from evogit.ids import CommitId
from evogit.judge.judge import Judge, Task, held_for, measured
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.quarantine.finding import Finding, Severity, bounded, make
from evogit.records import Evaluation

FEWEST: Final = 5
"""Fewer earlier gains say too little about what is usual."""
_CONFIRMED: Final = 0.5
"""This share of the gain must show on data that selection never saw."""
_QUICKER: Final = 10.0
"""So many times quicker on what selection sees than on what it does not, compared with a parent."""
_OTHER_SEED: Final = 7919


def unusual(score: float, records: list[float], *, maximize: bool, times: float) -> float:
    """By how much ``score`` beats the last of ``records``, if that is a jump; else 0.

    Args:
        score: the new one.
        records: each best score of the run when it fell, in order, the base's first.
        maximize: whether higher is better.
        times: a gain of more than this many times the largest before is a jump.
    """
    sign = 1 if maximize else -1
    gains = [sign * (after - before) for before, after in pairwise(records)]
    if len(gains) < FEWEST:
        return 0.0
    gain = sign * (score - records[-1])
    return gain if gain > times * max(gains) else 0.0


@dataclass(frozen=True, slots=True)
class _Case:
    judge: Judge
    phylogeny: Phylogeny
    task: Task
    evaluation: Evaluation
    gain: float
    parent: int

    @property
    def sign(self) -> int:
        return 1 if self.judge.spec.settings.evaluate.direction == "maximize" else -1


def weigh(judge: Judge, phylogeny: Phylogeny, task: Task, evaluation: Evaluation) -> Evaluation:
    """``evaluation``, held if its score is a jump that nothing confirms.

    Costs nothing unless it is a jump; then up to two more evaluations, which are not recorded.

    Args:
        judge: makes these.
        phylogeny: the run's history, without this evaluation.
        task: what was judged.
        evaluation: how.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError: the disk refused.
    """
    outcome = measured(evaluation.outcome)
    settings = judge.spec.settings
    best = phylogeny.best(1)
    if task.purpose != "search" or not isinstance(outcome, Scored) or not best:
        return evaluation
    maximize = settings.evaluate.direction == "maximize"
    top = phylogeny.score(best[0])
    better = top is None or (outcome.score > top if maximize else outcome.score < top)
    if not better or "jump" in settings.quarantine.off:
        return evaluation
    records = [score for _, score in phylogeny.best_so_far()]
    gain = unusual(outcome.score, records, maximize=maximize, times=settings.quarantine.jump)
    if not gain:
        return evaluation
    parents = scored_parents(judge, phylogeny, task.commit)
    case = _Case(judge, phylogeny, task, evaluation, gain, parents[0] if parents else 0)
    return _with(evaluation, _witness(case), noted="jump" in settings.quarantine.note)


def scored_parents(judge: Judge, phylogeny: Phylogeny, commit: CommitId) -> list[int]:
    """Rows of the parents that have a score: those that are in the population or were."""
    known = [phylogeny.index(p) for p in judge.parents(commit) if p in phylogeny]
    return [row for row in known if phylogeny.score(row) is not None]


def _with(evaluation: Evaluation, found: Finding, *, noted: bool) -> Evaluation:
    found = replace(found, severity="note") if noted else found
    outcome = held_for((found,), evaluation.outcome)
    return replace(evaluation, outcome=outcome, findings=bounded((*evaluation.findings, found)))


def _witness(case: _Case) -> Finding:
    """Ask the hold-out, else another seed, else, where only time is measured, a new process."""
    evaluate = case.judge.spec.settings.evaluate
    if any(finding.rule == "literal-data" for finding in case.evaluation.findings):
        return _say(case, "hold", "it came with much literal data")
    if evaluate.holdout is not None:
        return _held_out(case)
    if evaluate.stages[-1].score == "speed":
        return _timed_again(case)
    return _other_seed(case)


def _say(case: _Case, severity: Severity, why: str) -> Finding:
    evidence = f"a gain of {case.gain:.4g}, far beyond all gains before: {why}"
    return replace(make("jump", "", 0, evidence), severity=severity)


def _evaluations(case: _Case, seed: int, purpose: str) -> tuple[Evaluation, Evaluation]:
    """The individual and its parent under the same conditions, judged now."""
    task = replace(case.task, seed=seed, purpose=purpose, released=True)
    phylogeny, row = case.phylogeny, case.parent
    parent = Task(phylogeny.commit(row), phylogeny.tree(row), seed, purpose, released=True)
    return case.judge.evaluate(task), case.judge.evaluate(parent)


def _gain(case: _Case, pair: tuple[Evaluation, Evaluation]) -> float | None:
    ours, theirs = (measured(found.outcome) for found in pair)
    if not isinstance(ours, Scored) or not isinstance(theirs, Scored):
        return None
    return case.sign * (ours.score - theirs.score)


def _held_out(case: _Case) -> Finding:
    pair = _evaluations(case, case.task.seed, "holdout")
    gain = _gain(case, pair)
    if gain is None or gain <= 0:
        return _say(case, "hold", "on held-out data it is no better than its parent")
    seen = case.phylogeny.evaluation(case.phylogeny.tree(case.parent), case.task.seed)
    quick = (pair[0].seconds * (seen.seconds if seen else 0.0)) / max(
        case.evaluation.seconds * pair[1].seconds, 1e-9
    )
    if quick > _QUICKER:
        return _say(case, "hold", f"{quick:.0f} times quicker on what selection sees than held out")
    return _say(case, "note", f"held-out data confirm it with a gain of {gain:.4g}")


def _other_seed(case: _Case) -> Finding:
    pair = _evaluations(case, case.task.seed + _OTHER_SEED, "probe")
    gain = _gain(case, pair)
    before = case.phylogeny.score(case.parent)
    parent = measured(pair[1].outcome)
    if isinstance(parent, Scored) and parent.score == before:
        return _say(case, "hold", "there is no hold-out, and another seed changes nothing")
    if gain is None or gain < _CONFIRMED * case.gain:
        return _say(case, "hold", "under another seed it is gone")
    if measured(pair[0].outcome) == measured(case.evaluation.outcome):
        return _say(case, "hold", "another seed changes its parent's score and not its own")
    return _say(case, "note", "another seed confirms it")


def _timed_again(case: _Case) -> Finding:
    outcome = measured(case.evaluation.outcome)
    score = outcome.score if isinstance(outcome, Scored) else 0.0
    if case.judge.again(case.task.tree, score, _CONFIRMED * case.gain) is None:
        return _say(case, "note", "new processes are as quick")
    return _say(case, "hold", "new processes are slower")
