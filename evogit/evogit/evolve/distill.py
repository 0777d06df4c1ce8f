"""The smallest change that still carries an individual's gain, as one individual of its own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from evogit.analysis.hunks import Piece, Pieces, by_path, into_lines
from evogit.analysis.minimize import minimize
from evogit.analysis.separation import compared, doubt, noise_floor
from evogit.errors import PreconditionError
from evogit.evolve.assembly import Plan
from evogit.evolve.once import Desk, open_desk, record_verdict
from evogit.ids import CommitId, TreeId
from evogit.judge.judge import Task
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.repository import Swarm

OPERATOR: Final = "distill"
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
    """Judges parts of a change until a budget is used up."""

    def __init__(self, swarm: Swarm, desk: Desk, plan: Plan, of: int, author: str) -> None:
        self._swarm, self._desk, self._plan, self._author = swarm, desk, plan, author
        self._phylogeny = desk.bench.phylogeny
        settings = desk.judge.spec.settings.evaluate
        self._seed = settings.seed
        self._sign = 1.0 if settings.direction == "maximize" else -1.0
        self.floor = noise_floor(self._phylogeny, settings)
        self._least = self._phylogeny.fitness(of) - self.floor
        self._known: dict[TreeId, bool] = {}
        self.evaluations = 0

    def hold_up(self, tree: TreeId, limit: int) -> bool:
        """Whether a tree is as good as the original, but for the noise floor."""
        if tree not in self._known:
            if self.evaluations >= limit:
                return False
            self._known[tree] = self._judged(tree)
        return self._known[tree]

    def _judged(self, tree: TreeId) -> bool:
        row = self._phylogeny.by_tree(tree)
        commit = (
            self._phylogeny.commit(row) if row is not None else self.write(tree, "try less", "")
        )
        tasks = [Task(commit, tree, self._seed, agent=self._author)]
        if self.floor:
            tasks += [Task(commit, tree, n, "repeat", self._author) for n in range(1, 1 + _REPEATS)]
        return all(self._reaches(task) for task in tasks)

    def _reaches(self, task: Task) -> bool:
        known = self._phylogeny.evaluation(task.tree, task.seed, task.purpose)
        if known is None:
            self.evaluations += 1
            known = record_verdict(self._desk, task)
        outcome = known.outcome
        return isinstance(outcome, Scored) and self._sign * outcome.score >= self._least

    def write(self, tree: TreeId, subject: str, body: str) -> CommitId:
        """Make an individual of a tree, an offspring of the base, kept by the journal."""
        git, base = self._swarm.git, self._swarm.base
        step = self._phylogeny.last_step(self._author) + 1
        spec = self._desk.bench.spec.tree
        provenance = Provenance(self._author, OPERATOR, step, spec, self._plan.seed)
        message = compose(subject, body, provenance)
        when = git.commit(base).time + step
        commit = git.write_commit(tree, [base], message, author=self._author, time=when)
        now = round(time.time(), 3)
        attempt = Attempt(self._author, OPERATOR, step, (base,), offspring=commit, time=now)
        self._desk.journal.append(attempt, subject=subject, keep=(commit,)).result()
        self._phylogeny.refresh()
        return commit


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

    First in blocks of lines, then line by line. Every trial is an individual with its verdict in the
    journal; the result is one more, an offspring of the base, with the evidence in its message.

    Args:
        swarm: the swarm.
        plan: how to judge.
        commit: the individual; its change is the one from the base.
        author: name under which trials are recorded.
        limit: how many evaluations at most.
        tell: called after each trial with the evaluations so far and the lines of the change then tried.

    Raises:
        PreconditionError: the individual or the base has no score, or it is not better by more than noise.
        EvaluatorError: no sandbox works.
        UserError: the genomes are too large to compare.
    """
    with open_desk(swarm, plan) as desk:
        phylogeny = desk.bench.phylogeny
        row = phylogeny.index(commit)
        _require_gain(desk, row)
        pieces = Pieces(swarm.git, phylogeny.tree(0), phylogeny.tree(row))
        trials = _Trials(swarm, desk, plan, row, author)

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
        result = _result(phylogeny, row, pieces, kept, trials, limit)
        subject = f"distill {commit[:12]}"
        made = trials.write(pieces.tree(kept), subject, _evidence(result, kept, swarm.base))
        return replace(result, commit=made)


def _require_gain(desk: Desk, row: int) -> None:
    """Refuse an individual whose gain is none or within the noise floor: nothing carries it."""
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


def _result(
    phylogeny: Phylogeny,
    row: int,
    pieces: Pieces,
    kept: Sequence[Piece],
    trials: _Trials,
    limit: int,
) -> Distilled:
    """What came of it, still under the name of the original."""
    found = phylogeny.by_tree(pieces.tree(kept))
    base, left, original = (
        math.nan if one is None or (score := phylogeny.score(one)) is None else score
        for one in (0, found, row)
    )
    return Distilled(
        commit=phylogeny.commit(row),
        base_score=base,
        score=left,
        original_score=original,
        kept=sum(piece.size for piece in kept),
        whole=sum(piece.size for piece in pieces.all),
        evaluations=trials.evaluations,
        complete=trials.evaluations < limit,
    )


def _evidence(result: Distilled, kept: Sequence[Piece], base: CommitId) -> str:
    files = "\n".join(f"- {path}: {lines} lines" for path, lines in by_path(kept).items())
    more = "" if result.complete else "\nThe limit of evaluations ended the search early."
    return (
        f"Score {result.score:.6g}; base {base[:12]} {result.base_score:.6g}, "
        f"original {result.original_score:.6g}.\n"
        f"{result.kept} of {result.whole} changed lines carry the gain; the rest was left out in "
        f"{result.evaluations} evaluations.{more}\n\n{files}"
    )
