"""What the journals say of the best individual: is it better than the base by more than noise?

A gain that is not larger than the largest difference between two runs of one genome is called "no
separation", not a gain. Of many noisy scores the best is mostly the luckiest, so under noise a gain
counts by repeats made after it was chosen (the "winner's curse"; Branke and Schmidt, "Selection in the
presence of noise", GECCO 2003), and is not confirmed without them. Nothing is judged here
(``evolve.calibration``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Final

from evogit.config.model import Evaluate
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import HELD_OUT_AGAIN

NOISY: Final = 5
"""So many runs of the base show its noise."""
RECORD: Final = range(1, 3)
"""Repeats of a would-be record under a noisy evaluator, made during the search."""
FRESH: Final = range(3, 8)
"""Repeats that only confirm."""


def rejudged(phylogeny: Phylogeny, row: int) -> bool:
    """Whether an individual was judged again after it had looked like a record: once may be luck."""
    tree = phylogeny.tree(row)
    return all(phylogeny.evaluation(tree, repeat, "repeat") is not None for repeat in RECORD)


@dataclass(frozen=True, slots=True)
class Separation:
    """An individual, mostly the best, compared with the base.

    Args:
        best: its row in the phylogeny; 0 is the base itself.
        score: the mean of its fresh repeats; without any, of what chose it.
        fresh: how many fresh repeats there are.
        base: the mean of the base's runs.
        gain: how much better it is than that; negative if worse.
        floor: the noise floor.
        confirmed: there is no noise, or it was judged afresh as often as that takes.
        real: that, and it is better than the base by more than the floor.
    """

    best: int
    score: float
    fresh: int
    base: float
    gain: float
    floor: float
    confirmed: bool
    real: bool


def separation(phylogeny: Phylogeny, evaluate: Evaluate) -> Separation | None:
    """What the journals say about the best individual; ``None`` if nothing has a score yet."""
    return compared(phylogeny, leader(phylogeny), evaluate)


def compared(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> Separation | None:
    """The same of any individual; ``None`` if it or the base has no score."""
    chosen, base = phylogeny.score(row), phylogeny.score(0)
    if base is None or chosen is None:
        return None
    floor = noise_floor(phylogeny, evaluate)
    fresh = fresh_scores(phylogeny, row) if row else []
    score = fmean(fresh) if fresh else chosen
    gain = score - base if evaluate.direction == "maximize" else base - score
    sure = floor == 0 or row == 0 or len(fresh) == len(FRESH)
    real = row != 0 and sure and gain > floor
    return Separation(row, score, len(fresh), base, gain, floor, sure, real)


def doubt(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> str:
    """Why what an individual gained over the base may be no gain, in words; empty if nothing says so."""
    found = compared(phylogeny, row, evaluate)
    if row == 0 or found is None:
        return ""
    gain = found.gain
    if gain <= 0:
        return f"it is no better than the base, {found.score:.6g} against {found.base:.6g}"
    if gain <= found.floor:
        return f"its gain over the base, {gain:.3g}, is within the noise floor, {found.floor:.3g}"
    if not found.confirmed:
        return f"its gain over the base, {gain:.3g}, is not confirmed by repeats; the noise floor is {found.floor:.3g}"
    scores = held_out(phylogeny, row, evaluate)
    if scores is None:
        return ""
    ours, base = scores
    if ours != base and (ours > base) is (evaluate.direction == "maximize"):
        return ""
    return f"on held-out data, {ours:.6g}, it is no better than the base, {base:.6g}"


def held_out(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> tuple[float, float] | None:
    """An individual's mean score on held-out data and the base's; ``None`` unless both are known."""
    ours, base = (held_out_runs(phylogeny, one, evaluate) for one in (row, 0))
    return (fmean(ours), fmean(base)) if ours and base else None


def held_out_runs(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> list[float]:
    """An individual's scores on held-out data, run by run; none if one of the runs gave no score."""
    tree = phylogeny.tree(row)
    found = [phylogeny.evaluation(tree, seed, purpose) for seed, purpose in held_out_keys(evaluate)]
    outcomes = [one.outcome for one in found if one is not None]
    scores = [outcome.score for outcome in outcomes if isinstance(outcome, Scored)]
    return scores if len(scores) == len(outcomes) else []


def held_out_keys(evaluate: Evaluate) -> list[tuple[int, str]]:
    """(seed, purpose) of the runs on held-out data: one, and under noise as many as confirm."""
    again = [(number, HELD_OUT_AGAIN) for number in range(1, len(FRESH))]
    return [(evaluate.seed, "holdout"), *again]


def leader(phylogeny: Phylogeny) -> int:
    """The best individual; 0 if there is none, or it is the base's tree."""
    best = phylogeny.best(1)
    return best[0] if best and phylogeny.tree(best[0]) != phylogeny.tree(0) else 0


def fresh_scores(phylogeny: Phylogeny, row: int) -> list[float]:
    """Those of the repeats that were made after an individual was chosen."""
    tree = phylogeny.tree(row)
    found = [phylogeny.evaluation(tree, repeat, "repeat") for repeat in FRESH]
    return [e.outcome.score for e in found if e and isinstance(e.outcome, Scored)]


def noise_floor(phylogeny: Phylogeny, evaluate: Evaluate) -> float:
    """The largest difference between two runs of the base; if they are all alike, of any genome.

    Two runs of the base do not show noise that is rare, or that only offspring have.
    """
    tree = phylogeny.tree(0)
    keys = [(evaluate.seed, "search"), *((repeat, "repeat") for repeat in range(1, NOISY))]
    found = [phylogeny.evaluation(tree, number, purpose) for number, purpose in keys]
    base = floor_of([e.outcome.score for e in found if e and isinstance(e.outcome, Scored)])
    return base or max(map(floor_of, phylogeny.repeated()), default=0.0)


def floor_of(scores: Sequence[float]) -> float:
    """The largest difference between two of them; 0 of fewer."""
    return max((abs(a - b) for a, b in combinations(scores, 2)), default=0.0)
