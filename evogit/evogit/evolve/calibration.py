"""The base against itself: can it be scored at all, and how much does its score wander?

Two evaluations of the same tree differ only by noise (an A/A test). A gain that is not larger than
the largest difference seen between them is called "no separation", not a gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

from evogit.errors import EvaluatorError
from evogit.evolve.evaluating import Verdicts
from evogit.judge.judge import Task
from evogit.outcome import Outcome, Scored, describe
from evogit.phylogeny.index import Phylogeny

_FIRST: Final = 2
_NOISY: Final = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known of the base: its score and the noise floor, both in the evaluator's unit."""

    score: float
    floor: float
    runs: int


def calibrate(verdicts: Verdicts, phylogeny: Phylogeny, seed: int) -> Calibration | None:
    """Judge the base until its noise is known: 2 repeats if they agree exactly, else 5.

    Cached like every evaluation, so a second start costs nothing. ``None`` if the worker must end.

    Raises:
        EvaluatorError: the base itself has no score, so nothing can be compared with it.
    """
    base, tree = phylogeny.commit(0), phylogeny.tree(0)
    first = verdicts.get(Task(base, tree, seed))
    if first is None:
        return None
    scores = [_score(first.evaluation.outcome)]
    for repeat in range(1, _NOISY):
        if repeat >= _FIRST and len(set(scores)) == 1:
            break
        again = verdicts.get(Task(base, tree, repeat, "repeat"))
        if again is None:
            return None
        scores.append(_score(again.evaluation.outcome))
    return Calibration(sum(scores) / len(scores), _floor(scores), len(scores))


def noise_floor(phylogeny: Phylogeny, seed: int) -> float:
    """The floor as the journals have it: the largest difference between two runs of the base."""
    tree = phylogeny.tree(0)
    keys = [(seed, "search"), *((repeat, "repeat") for repeat in range(1, _NOISY))]
    found = [phylogeny.evaluation(tree, number, purpose) for number, purpose in keys]
    return _floor([e.outcome.score for e in found if e and isinstance(e.outcome, Scored)])


def _floor(scores: list[float]) -> float:
    return max((abs(a - b) for a, b in combinations(scores, 2)), default=0.0)


def _score(outcome: Outcome) -> float:
    if isinstance(outcome, Scored):
        return outcome.score
    raise EvaluatorError(
        f"the base itself has no score: it {describe(outcome)}",
        hint="run `evogit eval base` and mend the command or the limits in evogit.toml",
    )
