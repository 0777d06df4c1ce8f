"""The built-in scorer of time: how many times faster than the base, by a clock out of reach.

The base and the candidate run in turn, so that a slow spell of the machine meets both, and the
median of the pairs' ratios of CPU time counts. On a quiet machine any statistic will do; on a busy
one, whose processors change speed from second to second, 60 pairs of the same program gave a
standard error of 14 % for the ratio of the least times of 5 pairs (Chen and Revels, arXiv
1608.04295), and of 6 % for the median ratio. What the candidate prints must equal what the base
prints.

A child whose parent ignores it dies without leaving its processor time to anybody, so work done in
many short-lived children is not counted. It still takes wall-clock time: a gain that comes back as
time spent waiting is held for a human.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from evogit.config.model import Stage
from evogit.judge.bytecode import add_bytecode
from evogit.judge.patience import patient
from evogit.judge.stages import Bench, candidate_job, run_outcome
from evogit.outcome import Crashed, Failed, Outcome, Quarantined, Scored, describe
from evogit.sandbox.base import Completed

_SHORTEST = 0.001
"""Seconds; below this a ratio of CPU times is a ratio of clock ticks."""
_IDLE = 0.02
"""Seconds of waiting more than the base that a busy machine explains."""
_RETURNED = 0.25
"""Share of the saved time that may come back as waiting; hidden work may use several processors."""
_MUCH = 0.5
"""Share of the base's time whose saving must show on the wall as well."""
_SURE = 7
"""Pairs; where work seems hidden, so many are run before anybody is suspected."""

_WANDERS: Final = (
    "the benchmark prints something else each time, perhaps a time or a random number;"
    " outputs are compared, so it has to print the same for the same code"
)


def run_speed(stage: Stage, bench: Bench, base: Path, *, itself: bool = False) -> Outcome:
    """Score = median over pairs of runs of CPU seconds of base / candidate; 1 is no change.

    Metrics: ``seconds`` and ``base_seconds`` (medians), ``spread`` (median absolute deviation of
    the pairs' ratios, relative to the score).

    Args:
        stage: what to run.
        bench: holds the candidate.
        base: its folder.
        itself: the candidate is the base.

    Raises:
        EvaluatorError: the sandbox could not start.
        OSError: the disk refused.
    """
    reference = replace(bench, candidate=base)
    add_bytecode(stage, reference)
    add_bytecode(stage, bench)
    ours: list[Completed] = []
    theirs: list[Completed] = []
    while len(ours) < stage.repeats or (len(ours) < _SURE and _hidden(ours, theirs)):
        turn = len(ours)
        pair = [(theirs, reference), (ours, bench)]
        for runs, side in pair if turn % 2 == 0 else reversed(pair):
            limited = stage if not theirs or runs is theirs else _patient(stage, theirs[0])
            ran = side.sandbox.start(candidate_job(limited, side)).wait()
            bad = run_outcome(limited, ran)
            if bad is not None:
                return _base_failed(stage, bad) if runs is theirs else bad
            runs.append(ran)
        if ours[-1].stdout != theirs[0].stdout:
            wanders = itself or theirs[-1].stdout != theirs[0].stdout
            return Failed(stage.name, _WANDERS if wanders else "its output differs from the base's")
    scored = _ratio([_seconds(run) for run in ours], [_seconds(run) for run in theirs])
    hidden = _hidden(ours, theirs)
    if hidden:
        reason = f"it waits {hidden:.2f} s longer than the base: work may be hidden in children"
        return Quarantined(reason, scored)
    return scored


def _patient(stage: Stage, base: Completed) -> Stage:
    return stage.model_copy(update={"limits": patient(stage.limits, base.seconds)})


def _base_failed(stage: Stage, bad: Outcome) -> Outcome:
    said = bad.reason if isinstance(bad, Crashed) else describe(bad)
    return Crashed(stage.name, f"the base itself did not run: {said}")


def _seconds(run: Completed) -> float:
    return max(run.cpu_seconds, _SHORTEST)


def _hidden(ours: list[Completed], theirs: list[Completed]) -> float:
    """Seconds by which ours wait longer, if so much of the processor time they saved comes back.

    All pairs but one must show it: on a busy machine half of them do by chance. Who saves half of the
    time or more must save it by the clock on the wall too, in most pairs: there chance explains
    little, while hidden children that run side by side catch up with a base that was held up.
    """
    pairs = list(zip(ours, theirs, strict=True))
    waited = [_waiting(mine) - _waiting(base) for mine, base in pairs]
    saved = [base.cpu_seconds - mine.cpu_seconds for mine, base in pairs]
    much = median(saved) >= _MUCH * median(base.cpu_seconds for base in theirs)
    typical = median if much else _all_but_one
    late, gain = typical(waited), typical(saved)
    return late if gain > 0 and late > max(_IDLE, _RETURNED * gain) else 0.0


def _all_but_one(values: Iterable[float]) -> float:
    """What all of them reach, the least one left out if there are several."""
    return sorted(values)[:2][-1]


def _waiting(run: Completed) -> float:
    return max(run.seconds - run.cpu_seconds, 0.0)


def _ratio(ours: list[float], theirs: list[float]) -> Scored:
    ratios = [base / mine for base, mine in zip(theirs, ours, strict=True)]
    score = median(ratios)
    spread = median(abs(ratio - score) for ratio in ratios) / score
    seconds = {"seconds": median(ours), "base_seconds": median(theirs)}
    return Scored(score, seconds | {"spread": spread})
