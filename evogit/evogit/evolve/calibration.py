"""The base against itself: can it be scored at all, and how much does its score wander?

Two evaluations of the same tree differ only by noise (an A/A test). A gain that is not larger than
the largest difference seen between them is called "no separation", not a gain. Of many noisy scores
the best is mostly the luckiest, so what is reported comes from repeats made after it was chosen
(the "winner's curse"; Branke and Schmidt, "Selection in the presence of noise", GECCO 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Final

from evogit.errors import EvaluatorError
from evogit.evolve.evaluating import Verdicts
from evogit.judge.judge import Task
from evogit.outcome import Outcome, Scored, describe
from evogit.phylogeny.index import Phylogeny

_FIRST: Final = 2
_NOISY: Final = 5
RECORD: Final = range(1, 3)
"""Repeats of a would-be record under a noisy evaluator, made during the search."""
_FRESH: Final = range(3, 8)
"""Repeats that only confirm."""
_LEADERS: Final = 4
"""So many leaders are judged afresh, if each falls behind the next one."""


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


def confirmed(phylogeny: Phylogeny, row: int) -> bool:
    """Whether an individual was judged again after it had looked like a record: once may be luck."""
    tree = phylogeny.tree(row)
    return all(phylogeny.evaluation(tree, repeat, "repeat") is not None for repeat in RECORD)


def confirm_best(verdicts: Verdicts, phylogeny: Phylogeny) -> None:
    """Judge the best afresh, and the next one if it thereby falls behind; 4 at most.

    Cached like every evaluation. Ends early if the worker must end.

    Raises:
        EvaluatorError: the sandbox does not work.
        OSError, GitError: the journal could not be written.
    """
    for _ in range(_LEADERS):
        row = _leader(phylogeny)
        if row == 0 or len(_fresh(phylogeny, row)) == len(_FRESH):
            return
        for repeat in _FRESH:
            task = Task(phylogeny.commit(row), phylogeny.tree(row), repeat, "repeat")
            if verdicts.get(task) is None:
                return


@dataclass(frozen=True, slots=True)
class Separation:
    """The best individual compared with the base.

    Args:
        best: its row in the phylogeny; 0 is the base itself.
        score: the mean of its fresh repeats; without any, of what chose it.
        fresh: how many fresh repeats there are.
        base: the mean of the base's runs.
        floor: the largest difference between two of them.
        real: the best is better than the base by more than the floor.
    """

    best: int
    score: float
    fresh: int
    base: float
    floor: float
    real: bool


def separation(phylogeny: Phylogeny, seed: int, *, maximize: bool) -> Separation | None:
    """What the journals say about the best individual; ``None`` if nothing has a score yet."""
    best, base = _leader(phylogeny), phylogeny.score(0)
    chosen = phylogeny.score(best)
    if base is None or chosen is None:
        return None
    fresh, floor = _fresh(phylogeny, best), noise_floor(phylogeny, seed)
    score = fmean(fresh) if fresh else chosen
    gain = score - base if maximize else base - score
    return Separation(best, score, len(fresh), base, floor, best != 0 and gain > floor)


def doubt(phylogeny: Phylogeny, row: int, seed: int, *, maximize: bool) -> str:
    """Why what an individual gained over the base may be no gain, in words; empty if nothing says so."""
    score, base = phylogeny.score(row), phylogeny.score(0)
    if row == 0 or score is None or base is None:
        return ""
    gain, floor = score - base if maximize else base - score, noise_floor(phylogeny, seed)
    if gain > floor:
        return ""
    return f"its gain over the base, {gain:.3g}, is within the noise floor, {floor:.3g}"


def _leader(phylogeny: Phylogeny) -> int:
    """The best individual; 0 if there is none, or it is the base's tree."""
    best = phylogeny.best(1)
    return best[0] if best and phylogeny.tree(best[0]) != phylogeny.tree(0) else 0


def _fresh(phylogeny: Phylogeny, row: int) -> list[float]:
    tree = phylogeny.tree(row)
    found = [phylogeny.evaluation(tree, repeat, "repeat") for repeat in _FRESH]
    return [e.outcome.score for e in found if e and isinstance(e.outcome, Scored)]


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
