"""Results of runs that never took place, to look at statistics and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from evogit.compare.arms import Arm, Cell, Value
from evogit.compare.result import Judged, Result

Runs = Callable[..., list[Result]]


def make_run(
    arm: str,
    seed: int,
    score: float | None,
    *,
    problem: str = "tsp",
    maximize: bool = True,
    holdout: bool = True,
    curve: Sequence[tuple[int, float]] = ((0, 0.0), (5, 1.0)),
    base: str = "base",
    repeats: int = 0,
    held_out: int = 1,
    options: Mapping[str, Value] | None = None,
) -> Result:
    """One run that came to ``score`` on the hold-out."""
    judged = Judged(score, score, held_out)
    return Result(
        cell=Cell(problem, Arm(arm, arm), seed),
        options=options or {},
        same=(base, "evaluator", "environment", "settings"),
        maximize=maximize,
        holdout=holdout,
        chosen=judged,
        base=Judged(0.0, 0.0),
        commit="c" * 40,
        evaluations=10,
        repeats=repeats,
        timed_out=0,
        seconds=2.0,
        tokens=0,
        cost_usd=0.0,
        curve=tuple(curve),
        merges=3,
        merged_better=1,
    )


@pytest.fixture(scope="session")
def runs() -> Runs:
    """``runs("evogit", [1.0, 2.0])``: one run per score, with seeds 1, 2, and so on."""

    def make(arm: str, scores: Sequence[float | None], **more: object) -> list[Result]:
        return [make_run(arm, seed, score, **more) for seed, score in enumerate(scores, 1)]  # type: ignore[arg-type]

    return make
