"""The base against itself: can it be scored at all, and how much does its score wander?

Two evaluations of the same tree differ only by noise (an A/A test). What follows from them for the
best individual is read in ``separation``; here they are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent
from typing import Final

from evogit.analysis.separation import (
    FRESH,
    NOISY,
    floor_of,
    fresh_scores,
    leader,
    noise_floor,
)
from evogit.config.model import Evaluate
from evogit.errors import EvaluatorError
from evogit.evolve.evaluating import Verdict, Verdicts, may_pass
from evogit.judge.judge import Task
from evogit.outcome import Outcome, Rejected, Scored, describe, in_full
from evogit.phylogeny.index import Phylogeny

_FIRST: Final = 2
_LEADERS: Final = 4
"""So many leaders are judged afresh, if each falls behind the next one."""

_NO_PROGRAM: Final = re.compile(r"exit status 127\b")
"""What ``sh`` and ``prlimit`` say of a program that is not there."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known of the base: its score and the noise floor, both in the evaluator's unit."""

    score: float
    floor: float
    runs: int


def calibrate(
    verdicts: Verdicts,
    phylogeny: Phylogeny,
    seed: int,
    *,
    late: Callable[[], bool],
    dismissed: Callable[[], bool],
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> Calibration | None:
    """Judge the base until its noise is known: 2 repeats if they agree exactly, else 5.

    Cached like every evaluation, so a second start costs nothing, but a base that failed is judged
    once more: chance must not end every run there will ever be. ``None`` if the worker must end, its
    time is over or humans stopped it before that, which is looked at before every run; the first one
    is made whatever the time is.

    Args:
        verdicts: judges.
        phylogeny: of the swarm.
        seed: the evaluator's.
        late: whether the time is over.
        dismissed: whether humans stopped every agent since.
        tell: is told what is about to be judged, which may take minutes, and how long the last run took.
        warn: is told of a base that failed and then passed.

    Raises:
        EvaluatorError: the base itself has no score, so nothing can be compared with it.
    """
    base, tree = phylogeny.commit(0), phylogeny.tree(0)
    scores: list[float] = []
    took = 0.0
    for repeat in range(NOISY):
        if repeat >= _FIRST and len(set(scores)) == 1:
            break
        task = Task(base, tree, repeat, "repeat") if repeat else Task(base, tree, seed)
        if verdicts.known(task) is None:
            if verdicts.stopping or dismissed() or (repeat and late()):
                return None
            tell(_next_run(repeat, took))
        found = verdicts.get(task)
        if found is not None and may_pass(found.evaluation.outcome) and not late():
            found = _once_more(verdicts, task, found, tell, warn)
        if found is None:
            return None
        scores.append(_score(found.evaluation.outcome))
        took = found.evaluation.seconds
    return Calibration(sum(scores) / len(scores), floor_of(scores), len(scores))


def _next_run(repeat: int, took: float) -> str:
    """What is about to be judged, and what the run before says of how long that will take."""
    runs = NOISY if repeat >= _FIRST else _FIRST
    text = f"judging the base, run {repeat + 1} of {runs}"
    if repeat == 0:
        return text
    left = runs - repeat
    why = "; its score wanders" if repeat == _FIRST else ""
    return f"{text}{why}; one evaluation takes about {_brief(took)}, so this {_brief(left * took)}"


def _brief(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1g} s"


def _once_more(
    verdicts: Verdicts,
    task: Task,
    failed: Verdict,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> Verdict | None:
    if verdicts.stopping:
        return None
    said = describe(failed.evaluation.outcome)
    tell(f"judging the base once more: it {said}")
    found = verdicts.get(task, instead_of=failed.evaluation)
    if found is not None and isinstance(found.evaluation.outcome, Scored):
        warn(
            "the base failed once and passed once, so its tests or its benchmark are flaky and"
            f" individuals will fail by chance too: it {said}"
        )
    return found


def confirm_best(
    verdicts: Verdicts,
    phylogeny: Phylogeny,
    room: Callable[[], bool] = lambda: True,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Judge the best afresh, and the next one if it thereby falls behind; 4 at most.

    As long as nothing wanders, once is enough. (Where a model compares pairs, a score is a rung of a ladder,
    and such a run would be paid for to tell nothing.)

    Cached like every evaluation. Ends early if the worker must end.

    Args:
        verdicts: judges.
        phylogeny: of the swarm.
        room: whether time and caps permit one more.
        tell: is told what is about to be judged.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError, GitError: the journal could not be written.
    """
    evaluate = verdicts.judge.spec.settings.evaluate
    if _exact(phylogeny, evaluate) and evaluate.stages[-1].score == "pairwise":
        return
    for _ in range(_LEADERS):
        row = leader(phylogeny)
        if row == 0 or len(fresh_scores(phylogeny, row)) == len(FRESH):
            return
        for repeat in FRESH:
            task = Task(phylogeny.commit(row), phylogeny.tree(row), repeat, "repeat")
            if verdicts.known(task) is None:
                if verdicts.stopping or not room():
                    return
                tell(
                    f"judging the best, {task.commit[:12]}, afresh: {repeat - FRESH.start + 1} of {len(FRESH)}"
                )
            if verdicts.get(task) is None:
                return
            if _exact(phylogeny, evaluate):
                return


def _exact(phylogeny: Phylogeny, evaluate: Evaluate) -> bool:
    return noise_floor(phylogeny, evaluate) == 0


def _score(outcome: Outcome) -> float:
    if isinstance(outcome, Scored):
        return outcome.score
    mend = (
        "mend the command or the limits in evogit.toml, or the code: commit it, then"
        " `evogit init --anew`; `evogit eval base --fresh` judges the base again"
    )
    if isinstance(outcome, Rejected):
        mend = "change that in your repository, commit it, then `evogit init --anew`"
    if _NO_PROGRAM.search(f"{describe(outcome)} {in_full(outcome)}"):
        mend = (
            "a program of the command is not there in the sandbox, which shows /usr alone: name its folder"
            " in environment.paths, and PATH in environment.variables; `evogit doctor` says where it lies"
        )
    said = f"the base itself has no score: it {describe(outcome)}\n{indent(in_full(outcome), '  ')}"
    raise EvaluatorError(said.rstrip(), hint=mend)
