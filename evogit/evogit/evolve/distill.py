"""The smallest change that still carries an individual's gain, as one individual of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from evogit.analysis.hunks import Piece, Pieces, by_path, into_lines
from evogit.analysis.minimize import minimize
from evogit.analysis.separation import FRESH, Separation, compared, doubt, noise_floor
from evogit.errors import PreconditionError
from evogit.evolve.assembly import Plan
from evogit.evolve.once import Desk, open_desk, record_verdict
from evogit.ids import CommitId, TreeId
from evogit.judge.judge import Task
from evogit.outcome import Scored
from evogit.proposals import DISTILL
from evogit.records import TRIAL, Attempt, Evaluation
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.repository import Swarm

_ANOTHER: Final = "name an individual that gained more: evogit best"
_REPEATS: Final = 2
"""Under noise a smaller change must hold up in so many further evaluations."""


@dataclass(frozen=True, slots=True)
class Distilled:
    """What is left of a change. Scores are in the evaluator's own unit."""

    commit: CommitId
    base_score: float
    score: float
    original_score: float
    kept: int
    """Lines the change touches now ..."""
    whole: int
    """... and before."""
    evaluations: int
    complete: bool
    """False if the limit was reached before nothing more could be left out."""


class _Trials:
    """Judges parts of a change until a budget is used up. They are verdicts, not individuals: none can win."""

    def __init__(self, desk: Desk, of: int, author: str) -> None:
        self._desk, self._author = desk, author
        self._phylogeny = desk.bench.phylogeny
        self._evaluate = desk.judge.spec.settings.evaluate
        self._sign = 1.0 if self._evaluate.direction == "maximize" else -1.0
        self.of = self._phylogeny.commit(of)
        self.floor = noise_floor(self._phylogeny, self._evaluate)
        self._least = self._phylogeny.fitness(of) - self.floor
        self._known: dict[TreeId, bool] = {}
        self.evaluations = 0

    def hold_up(self, tree: TreeId, limit: int) -> bool:
        """Whether a tree is as good as the original, but for the noise floor."""
        if tree not in self._known:
            if self.evaluations >= limit:
                return False
            numbers = range(1 + _REPEATS if self.floor else 1)
            self._known[tree] = all(self._reaches(tree, number) for number in numbers)
        return self._known[tree]

    def _reaches(self, tree: TreeId, number: int) -> bool:
        searched = self._phylogeny.evaluation(tree, self._evaluate.seed) if number == 0 else None
        outcome = (searched or self._verdict(tree, number, TRIAL)).outcome
        return isinstance(outcome, Scored) and self._sign * outcome.score >= self._least

    def settled(self, tree: TreeId) -> float:
        """The score of what is left, judged like any individual; under noise by fresh repeats."""
        outcomes = [self._verdict(tree, self._evaluate.seed, "search").outcome]
        if self.floor:
            outcomes = [self._verdict(tree, number, "repeat").outcome for number in FRESH]
        scores = [outcome.score for outcome in outcomes if isinstance(outcome, Scored)]
        return fmean(scores) if len(scores) == len(outcomes) else math.nan

    def _verdict(self, tree: TreeId, seed: int, purpose: str) -> Evaluation:
        known = self._phylogeny.evaluation(tree, seed, purpose)
        if known is None:
            self.evaluations += 1
            task = Task(self.of, tree, seed, purpose, self._author)
            known = record_verdict(self._desk, task)
        return known


def distill(
    swarm: Swarm,
    plan: Plan,
    commit: CommitId,
    *,
    author: str,
    limit: int = 200,
    tell: Callable[[int, int], None] | None = None,
) -> Distilled:
    """Leave out, by judging again, everything of a change that does not carry its gain.

    First in blocks of lines, then line by line. The verdict on every trial is in the journal, so that a second
    start goes on; only the result becomes an individual, an offspring of the base with the evidence in its
    message, and is judged like any other; under noise by fresh repeats.

    Args:
        swarm: the swarm.
        plan: how to judge.
        commit: the individual; its change is the one from the base.
        author: name under which trials are recorded.
        limit: how many evaluations the search may take; the result's own come on top.
        tell: called after each trial with the evaluations so far and the lines of the change then tried.

    Raises:
        PreconditionError: the individual or the base has no score, or it is not better by more than noise.
        EvaluatorError: no sandbox works.
        UserError: the genomes are too large to compare.
    """
    with open_desk(swarm, plan) as desk:
        phylogeny = desk.bench.phylogeny
        row = phylogeny.index(commit)
        gained = _gain(desk, row)
        pieces = Pieces(swarm.git, phylogeny.tree(0), phylogeny.tree(row))
        trials = _Trials(desk, row, author)

        def enough(kept: Sequence[Piece]) -> bool:
            held = trials.hold_up(pieces.tree(kept), limit)
            if tell is not None:
                tell(trials.evaluations, sum(piece.size for piece in kept))
            return held

        kept = minimize(into_lines(minimize(pieces.all, enough)), enough)
        if not kept:
            raise PreconditionError(
                f"the base holds up as well as {commit[:12]}; the noise floor is {trials.floor:.3g}",
                hint=_ANOTHER,
            )
        complete = trials.evaluations < limit
        tree = pieces.tree(kept)
        result = Distilled(
            commit=commit,
            base_score=gained.base,
            score=trials.settled(tree),
            original_score=gained.score,
            kept=sum(piece.size for piece in kept),
            whole=sum(piece.size for piece in pieces.all),
            evaluations=trials.evaluations,
            complete=complete,
        )
        message = (f"{phylogeny.subject(row)} (distilled)", _evidence(result, kept, swarm.base))
        provenance = Provenance(author, DISTILL, 0, desk.bench.spec.tree, plan.seed, "", (commit,))
        return replace(result, commit=_write(swarm, desk, tree, message, provenance))


def _gain(desk: Desk, row: int) -> Separation:
    """An individual against the base; refused if its gain is none or within the noise floor: nothing carries it."""
    phylogeny, evaluate = desk.bench.phylogeny, desk.judge.spec.settings.evaluate
    found = compared(phylogeny, row, evaluate)
    if found is None:
        short = phylogeny.commit(row)[:12]
        raise PreconditionError(f"{short} or the base has no score", hint=_ANOTHER)
    if row == 0 or found.gain <= found.floor:
        said = (
            doubt(phylogeny, row, evaluate)
            or "it is the base, so there is no change to make smaller"
        )
        raise PreconditionError(f"{phylogeny.commit(row)[:12]}: {said}", hint=_ANOTHER)
    return found


def _write(
    swarm: Swarm, desk: Desk, tree: TreeId, message: tuple[str, str], made: Provenance
) -> CommitId:
    """Make an individual of a tree, an offspring of the base, kept by the journal."""
    git, base, author = swarm.git, swarm.base, made.agent
    step = len(desk.bench.phylogeny.attempts(author)) + 1
    text = compose(*message, replace(made, step=step))
    commit = git.write_commit(tree, [base], text, author=author, time=git.commit(base).time + step)
    now = round(time.time(), 3)
    attempt = Attempt(author, DISTILL, step, (base,), made.inspirations, commit, time=now)
    desk.journal.append(attempt, subject=message[0], keep=(commit,)).result()
    desk.bench.phylogeny.refresh()
    return commit


def _evidence(result: Distilled, kept: Sequence[Piece], base: CommitId) -> str:
    files = "\n".join(
        f"- {path}: {lines} line{'' if lines == 1 else 's'}"
        for path, lines in by_path(kept).items()
    )
    more = "" if result.complete else "\nThe limit of evaluations ended the search early."
    return (
        f"Score {result.score:.6g}; base {base[:12]} {result.base_score:.6g}, "
        f"original {result.original_score:.6g}.\n\n"
        f"{result.kept} of {result.whole} changed lines carry the gain; the rest was left out in "
        f"{result.evaluations} evaluations.{more}\n{files}"
    )
