"""The table of a comparison: what each arm came to, and what can be said against the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import median, median_high, median_low
from typing import Final, Literal

from evogit.compare.arms import BASELINES, Value
from evogit.compare.result import Result
from evogit.compare.statistics import (
    Interval,
    differences,
    holm,
    median_interval,
    signed_rank_p,
    smallest_p,
    superiority,
)

LEVEL: Final = 0.05
Verdict = Literal["better", "worse", "not separated", "reference", "unfinished"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """An arm against the reference, on the seeds that both have.

    Args:
        difference: median and interval of arm minus reference; positive is better for the arm.
        p: of the exact signed-rank test.
        adjusted: by Holm, over all contrasts of the table.
        superiority: A12, the chance that a run of the arm beats one of the reference.
        pairs: how many seeds.
    """

    difference: Interval
    p: float
    adjusted: float
    superiority: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Row:
    """One arm on one problem; scores are in the problem's own unit.

    Args:
        final: median and interval of the score that counts (see ``Result.final``).
        training: median training score of the chosen individuals.
        base: the base's score that counts.
        failed: runs whose chosen individual has no score that counts.
        reached: in how many runs the target was reached ...
        to_target: ... and the median of evaluations until then over all runs; ``None``: not reached.
        to_baseline: the same for the median final training score of best-of-n.
        timed_out: evaluations of all runs that ended at a limit of time.
        evaluations: median over the runs, as are ``repeats``, ``seconds``, ``tokens`` and ``cost_usd``.
        options: of the arm's strategy in all runs; ``brought`` are those that are not the arm's own.
        holdout_runs: on the hold-out, of each chosen individual: the fewest and the most.
        merges: judged merges of all runs; ``merged_better``: those that beat both parents.
    """

    problem: str
    arm: str
    maximize: bool
    holdout: bool
    runs: int
    failed: int
    final: Interval
    training: float | None
    base: float | None
    timed_out: int
    evaluations: float
    repeats: float
    seconds: float
    tokens: float
    cost_usd: float
    to_baseline: float | None
    to_target: float | None
    reached: int
    merges: int
    merged_better: int
    options: Mapping[str, Value]
    brought: tuple[str, ...]
    holdout_runs: tuple[int, int]
    contrast: Contrast | None
    verdict: Verdict


def tabulate(
    results: Sequence[Result],
    against: str,
    targets: Mapping[str, float],
    *,
    complete: bool,
    afterwards: bool = False,
) -> list[Row]:
    """All rows, problem by problem in the order of the results.

    Args:
        results: finished runs.
        against: name of the reference arm.
        targets: training score to reach, by problem.
        afterwards: the reference was chosen when results could be seen, so any other might have been.
        complete: every run is finished; otherwise there is no verdict, since which runs are missing
            may depend on how well they go.
    """
    groups: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        groups.setdefault((one.cell.problem, one.cell.arm.name), []).append(one)
    bases: dict[str, list[float | None]] = {}
    for one in results:
        bases.setdefault(one.cell.problem, []).append(one.final(one.base))
    rows: list[Row] = []
    for (problem, arm), runs in groups.items():
        reference = groups.get((problem, against), [])
        bar = _bar(groups.get((problem, BASELINES[0]), []))
        row = _row(runs, _median(bases[problem]), targets.get(problem), bar)
        contrast = None if arm == against else _contrast(runs, reference)
        rows.append(replace(row, contrast=contrast))
    rows = _adjusted_over_all(rows, groups, against) if afterwards else _adjusted(rows)
    finals = {(row.problem, row.arm): row.final for row in rows}
    return [
        replace(row, verdict=_verdict(row, finals.get((row.problem, against)), against, complete))
        for row in rows
    ]


def _row(
    runs: Sequence[Result], base: float | None, target: float | None, bar: float | None
) -> Row:
    first, own = runs[0], dict(runs[0].cell.arm.options)
    held_out = [one.chosen.runs for one in runs]
    to_target = [_evaluations_to(one, target) for one in runs]
    return Row(
        problem=first.cell.problem,
        arm=first.cell.arm.name,
        maximize=first.maximize,
        holdout=first.holdout,
        runs=len(runs),
        failed=sum(one.final(one.chosen) is None for one in runs),
        final=_in_unit(median_interval([one.fitness for one in runs]), maximize=first.maximize),
        training=_median([one.chosen.training for one in runs]),
        base=base,
        timed_out=sum(one.timed_out for one in runs),
        evaluations=median(one.evaluations for one in runs),
        repeats=median(one.repeats for one in runs),
        seconds=median(one.seconds for one in runs),
        tokens=median(one.tokens for one in runs),
        cost_usd=median(one.cost_usd for one in runs),
        to_baseline=_finite(median(_evaluations_to(one, bar) for one in runs)),
        to_target=_finite(median(to_target)),
        reached=sum(math.isfinite(count) for count in to_target),
        merges=sum(one.merges for one in runs),
        merged_better=sum(one.merged_better for one in runs),
        options=first.options,
        brought=tuple(name for name in first.options if name not in own),
        holdout_runs=(min(held_out), max(held_out)),
        contrast=None,
        verdict="reference",
    )


def _bar(baseline: Sequence[Result]) -> float | None:
    """The median final training score of the baseline; of two in the middle the worse one."""
    known = sorted(one.chosen.training for one in baseline if one.chosen.training is not None)
    if not known:
        return None
    return median_low(known) if baseline[0].maximize else median_high(known)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _in_unit(fitness: Interval, *, maximize: bool) -> Interval:
    if maximize:
        return fitness
    return Interval(-fitness.high, -fitness.middle, -fitness.low)


def _evaluations_to(one: Result, score: float | None) -> float:
    """Evaluations until the best training score was at least as good; infinite if it never was."""
    for count, best in one.curve:
        if score is not None and (best >= score if one.maximize else best <= score):
            return count
    return math.inf


def _contrast(runs: Sequence[Result], reference: Sequence[Result]) -> Contrast | None:
    theirs = {one.cell.seed: one.fitness for one in reference}
    pairs = [(one.fitness, theirs[one.cell.seed]) for one in runs if one.cell.seed in theirs]
    if not pairs:
        return None
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = differences(a, b)
    p = signed_rank_p(found)
    return Contrast(median_interval(found), p, p, superiority(a, b), len(pairs))


def _adjusted(rows: Sequence[Row]) -> list[Row]:
    adjusted = iter(holm([row.contrast.p for row in rows if row.contrast]))
    return [
        replace(row, contrast=replace(row.contrast, adjusted=next(adjusted)))
        if row.contrast
        else row
        for row in rows
    ]


def _adjusted_over_all(
    rows: Sequence[Row], groups: Mapping[tuple[str, str], Sequence[Result]], against: str
) -> list[Row]:
    """By Holm over all pairs of arms: any of the tables might have been looked for."""
    pairs = [(a, b) for a, b in combinations(groups, 2) if a[0] == b[0]]
    known = {frozenset(pair): _contrast(groups[pair[0]], groups[pair[1]]) for pair in pairs}
    found = {pair: contrast.p for pair, contrast in known.items() if contrast}
    adjusted = dict(zip(found, holm(list(found.values())), strict=True))
    return [
        replace(row, contrast=replace(row.contrast, adjusted=adjusted[_pair(row, against)]))
        if row.contrast
        else row
        for row in rows
    ]


def _pair(row: Row, against: str) -> frozenset[tuple[str, str]]:
    return frozenset({(row.problem, row.arm), (row.problem, against)})


def _verdict(row: Row, reference: Interval | None, against: str, complete: bool) -> Verdict:
    """What may be said of an arm.

    A win needs all three: a Holm p below the level, an interval of the paired difference without
    zero, and intervals of the two medians that do not overlap.
    """
    if row.arm == against:
        return "reference"
    if not complete:
        return "unfinished"
    found = row.contrast
    if found is None or reference is None or found.adjusted >= LEVEL:
        return "not separated"
    if found.difference.low <= 0 <= found.difference.high or _overlap(row.final, reference):
        return "not separated"
    return "better" if found.difference.middle > 0 else "worse"


def _overlap(a: Interval, b: Interval) -> bool:
    return a.low <= b.high and b.low <= a.high


def seeds_needed(contrasts: int) -> int:
    """Fewest seeds with which a table of so many contrasts can have any verdict at all."""
    seeds = 1
    while smallest_p(seeds) * contrasts >= LEVEL:
        seeds += 1
    return max(seeds, 6)
