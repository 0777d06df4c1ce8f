"""The built-in scorer of time: how many times faster than the base, by a clock out of reach.

The base and the candidate run in turn, so that a slow spell of the machine meets both, and the
least CPU time of each counts (Chen and Revels, "Robust benchmarking in noisy environments",
arXiv 1608.04295: noise only ever adds). What the candidate prints must equal what the base prints.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import median

from evogit.config.model import Stage
from evogit.judge.stages import Bench, candidate_job, run_outcome
from evogit.outcome import Crashed, Failed, Outcome, Scored
from evogit.sandbox.base import Completed

_SHORTEST = 0.001
"""Seconds; below this a ratio of CPU times is a ratio of clock ticks."""


def run_speed(stage: Stage, bench: Bench, base: Path) -> Outcome:
    """Score = least CPU seconds of the base / least CPU seconds of the candidate; 1 is no change.

    Metrics: ``seconds`` and ``base_seconds`` (least), ``spread`` (largest relative difference
    between the candidate's runs).

    Raises:
        EvaluatorError: the sandbox could not start.
    """
    reference = replace(bench, candidate=base)
    ours: list[Completed] = []
    theirs: list[Completed] = []
    for turn in range(stage.repeats):
        pair = [(theirs, reference), (ours, bench)]
        for runs, side in pair if turn % 2 == 0 else reversed(pair):
            ran = side.sandbox.start(candidate_job(stage, side)).wait()
            bad = run_outcome(stage, ran)
            if bad is not None:
                return _base_failed(stage, bad) if runs is theirs else bad
            runs.append(ran)
    if any(ran.stdout != theirs[0].stdout for ran in ours):
        return Failed(stage.name, "its output differs from the base's")
    return _ratio(ours, theirs)


def _base_failed(stage: Stage, bad: Outcome) -> Outcome:
    return Crashed(stage.name, f"the base itself did not run: {bad}")


def _ratio(ours: list[Completed], theirs: list[Completed]) -> Outcome:
    mine = max(min(run.cpu_seconds for run in ours), _SHORTEST)
    base = max(min(run.cpu_seconds for run in theirs), _SHORTEST)
    middle = max(median(run.cpu_seconds for run in ours), _SHORTEST)
    return Scored(base / mine, {"seconds": mine, "base_seconds": base, "spread": middle / mine - 1})
