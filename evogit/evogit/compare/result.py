"""What a finished run came to, read from its swarm."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from evogit.analysis.figures import merges
from evogit.analysis.separation import held_out_runs
from evogit.compare.arms import Cell, Value
from evogit.compare.cell import CHOSEN, swarm_of
from evogit.config.load import dump
from evogit.config.model import Evaluate, Settings
from evogit.errors import EvoGitError
from evogit.evolve.assembly import open_phylogeny
from evogit.outcome import TimedOut
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.ledger import COUNTED
from evogit.records import Evaluation
from evogit.swarm.repository import Swarm


@dataclass(frozen=True, slots=True)
class Judged:
    """An individual's score in training and on the hold-out; ``None``: it has none.

    ``held_out`` is the mean of so many ``runs``: of several where scores wander.
    """

    training: float | None
    held_out: float | None
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One run.

    Args:
        cell: which.
        options: of its strategy, those that the problem brought along with the arm's.
        same: what must be the same in all runs of a problem: base, evaluator, environment, and a
            digest of the settings but for the arm's.
        maximize: whether a larger score is better.
        holdout: whether the problem has one.
        chosen: what selection picked, by its training score.
        base: where evolution started.
        commit: of the chosen individual.
        evaluations: of individuals other than the base.
        repeats: how often one of them was judged again, to tell luck from gain.
        timed_out: evaluations that ended at a limit of time; on a busy machine they say little.
        seconds: of proposing them and of judging them, repeats included, summed over all agents.
        tokens: of models, in and out.
        cost_usd: of models.
        curve: (evaluations so far, best training score of what was judged so far) at every record;
            the base is at 0. Scores are means over repeats, as at the end of the run.
        merges: merges that were judged.
        merged_better: those of them that beat both parents.
    """

    cell: Cell
    options: Mapping[str, Value]
    same: tuple[str, str, str, str]
    maximize: bool
    holdout: bool
    chosen: Judged
    base: Judged
    commit: str
    evaluations: int
    repeats: int
    timed_out: int
    seconds: float
    tokens: int
    cost_usd: float
    curve: tuple[tuple[int, float], ...]
    merges: int
    merged_better: int

    def final(self, judged: Judged) -> float | None:
        """The score that counts: on the hold-out if the problem has one."""
        return judged.held_out if self.holdout else judged.training

    @property
    def fitness(self) -> float:
        """The chosen one's score that counts, higher is better; without one, worse than all."""
        score = self.final(self.chosen)
        if score is None:
            return float("-inf")
        return score if self.maximize else -score


def read(cell: Cell, folder: Path) -> Result | None:
    """The result of a run; ``None`` if it is not finished.

    Raises:
        EvoGitError: its swarm can not be read.
    """
    path = swarm_of(folder)
    if not path.exists():
        return None
    swarm = Swarm(path)
    commit = swarm.git.ref(CHOSEN)
    if commit is None:
        return None
    spec = swarm.spec()
    environment = (swarm.private / "environment").read_text("ascii", "replace").strip()
    phylogeny = open_phylogeny(swarm, spec, environment)
    evaluate = spec.settings.evaluate
    course = _course(phylogeny, maximize=evaluate.direction == "maximize")
    made = [found for found in merges(phylogeny) if found.scored]
    return Result(
        cell=cell,
        options=spec.settings.search.options,
        same=(swarm.base, spec.evaluator, environment, _digest(spec.settings)),
        maximize=evaluate.direction == "maximize",
        holdout=evaluate.holdout is not None,
        chosen=_judged(phylogeny, phylogeny.index(commit), evaluate),
        base=_judged(phylogeny, 0, evaluate),
        commit=commit,
        evaluations=course.count,
        repeats=course.repeats,
        timed_out=course.timed_out,
        seconds=course.seconds,
        tokens=phylogeny.spent.tokens,
        cost_usd=phylogeny.spent.cost_usd,
        curve=tuple(course.curve),
        merges=sum(found.scored for found in made),
        merged_better=sum(found.better for found in made),
    )


def _digest(settings: Settings) -> str:
    search = settings.search.model_copy(update={"strategy": "", "options": {}})
    text = dump(settings.model_copy(update={"search": search}))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _judged(phylogeny: Phylogeny, row: int, evaluate: Evaluate) -> Judged:
    runs = held_out_runs(phylogeny, row, evaluate)
    return Judged(phylogeny.score(row), fmean(runs) if runs else None, len(runs))


@dataclass(slots=True)
class _Course:
    """What the evaluations of a run add up to, in order."""

    maximize: bool
    count: int = 0
    repeats: int = 0
    timed_out: int = 0
    seconds: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])

    def add(self, one: Evaluation) -> None:
        """Count an evaluation, or a repeat, of an individual other than the base."""
        self.count += one.purpose == "search"
        self.repeats += one.purpose == "repeat"
        self.timed_out += isinstance(one.outcome, TimedOut)
        self.seconds += one.seconds

    def look(self, score: float | None) -> None:
        """Note the score of what was just judged if it is a record."""
        best = self.curve[-1][1] if self.curve else None
        if score is None:
            return
        if best is None or (score > best if self.maximize else score < best):
            self.curve.append((self.count, score))


def _course(phylogeny: Phylogeny, *, maximize: bool) -> _Course:
    """In order of evaluations, but with the scores of the end, which are means over repeats.

    Of many noisy scores the best is mostly the luckiest: by what one evaluation said, a run would
    reach a target that nothing in it reaches.
    """
    base, found = phylogeny.tree(0), _Course(maximize)
    for one in phylogeny.evaluations():
        if one.purpose in COUNTED and one.tree != base:
            found.add(one)
        if one.purpose == "search":
            row = phylogeny.by_tree(one.tree)
            found.look(None if row is None else phylogeny.score(row))
    proposing = (row.seconds for agent in phylogeny.agents for row in phylogeny.attempts(agent))
    found.seconds += sum(proposing)
    return found


def check_same(results: list[Result]) -> None:
    """Refuse results of one problem that were not made and judged in the same way.

    Raises:
        EvoGitError: a problem's base, evaluator, settings, environment, or options of its strategy
            changed between its runs.
    """
    first: dict[str, Result] = {}
    options: dict[tuple[str, str], Result] = {}
    for one in results:
        known = first.setdefault(one.cell.problem, one)
        twin = options.setdefault((one.cell.problem, one.cell.arm.name), one)
        if twin.options != one.options:
            raise EvoGitError(
                f"runs of {one.cell.arm.name} on {one.cell.problem} can not be compared: its options"
                f" changed between seeds {twin.cell.seed} and {one.cell.seed}",
                hint="run the comparison again in another folder with --out",
            )
        if known.same != one.same:
            raise EvoGitError(
                f"runs of {one.cell.problem} can not be compared: its base, evaluator, settings or"
                f" environment changed between {_place(known.cell)} and {_place(one.cell)}",
                hint="run the comparison again in another folder with --out",
            )


def _place(cell: Cell) -> str:
    return f"{cell.arm.name} seed {cell.seed}"
