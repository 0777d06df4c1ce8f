"""What a report tells, gathered from one swarm and the swarms it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from evogit.analysis.gains import gain
from evogit.analysis.separation import doubt
from evogit.config.model import Settings
from evogit.errors import UserError
from evogit.git.patch import FileChange, changes
from evogit.git.repository import GitRepository
from evogit.ids import TreeId
from evogit.outcome import Scored, describe
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.ledger import Spent
from evogit.text import clean, clean_line

MAX_INDIVIDUALS: Final = 20_000
"""The newest of these are drawn, besides all ancestors of the best: a page must stay light."""
MAX_PATCH_LINES: Final = 400
MAX_STEPS: Final = 200
"""Steps of the lineage whose change is shown; beyond, only those with the largest gains."""
_MAX_POINTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """A swarm as the report needs it. ``name`` is shown; it need not be a path."""

    name: str
    git: GitRepository
    phylogeny: Phylogeny
    settings: Settings


@dataclass(frozen=True, slots=True)
class Program:
    """A line of the comparison. Scores are in the evaluator's own unit, ``None`` if not judged."""

    name: str
    commit: str
    score: float | None
    held_out: float | None
    evaluations: int
    seconds: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Step:
    """One individual of the lineage of the best; a positive ``gain`` beats its best parent."""

    row: int
    commit: str
    agent: str
    operator: str
    subject: str
    score: float | None
    gain: float | None
    merge: bool
    files: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """What had been spent when an attempt ended; all sums since the first."""

    offspring: int
    seconds: float
    tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page. All text is clean; it is not escaped for HTML."""

    title: str
    goal: str
    maximize: bool
    individuals: int
    agents: int
    best: Program | None
    doubt: str
    """Why its gain may be none; empty if nothing says so."""
    base: Program
    programs: tuple[Program, ...]
    steps: tuple[Step, ...]
    change: tuple[FileChange, ...]
    rows: tuple[int, ...]
    """Individuals that are drawn, in order of birth."""
    spending: tuple[Point, ...]
    spent: Spent


def gather(swarm: Run, baselines: Sequence[Run] = ()) -> Report:
    """Read everything a page tells.

    Args:
        swarm: what the report is about.
        baselines: swarms of the same problem to compare with, such as best-of-n at equal budget.

    Raises:
        GitError: git can not read a repository.
        NotFoundError: a tree is not there.
        UserError: a baseline is of another problem.
    """
    phylogeny = swarm.phylogeny
    for other in baselines:
        _check_alike(swarm, other)
    found = phylogeny.best(1)
    best = found[0] if found else None
    base = program(swarm, 0, "base (where evolution started)")
    others = [_champion(other) for other in baselines]
    ours = None if best is None else program(swarm, best, clean_line(swarm.name, 80))
    return Report(
        title=clean_line(swarm.name, 80),
        goal=clean(swarm.settings.goal.text, 4000).strip(),
        maximize=swarm.settings.evaluate.direction == "maximize",
        individuals=len(phylogeny),
        agents=len(phylogeny.agents),
        best=ours,
        doubt="" if best is None else doubt(phylogeny, best, swarm.settings.evaluate),
        base=replace(base, evaluations=0, seconds=0.0, cost_usd=0.0),
        programs=tuple(one for one in (base, *others, ours) if one is not None),
        steps=() if best is None else tuple(_steps(swarm, best)),
        change=() if best is None else _changes(swarm.git, phylogeny.tree(0), phylogeny.tree(best)),
        rows=_drawn(phylogeny, best),
        spending=tuple(_spending(phylogeny)),
        spent=phylogeny.spent,
    )


def program(swarm: Run, row: int, name: str) -> Program:
    """One individual as a line of the comparison, with what its whole swarm used up."""
    phylogeny, evaluate = swarm.phylogeny, swarm.settings.evaluate
    held_out = phylogeny.evaluation(phylogeny.tree(row), evaluate.seed, "holdout")
    outcome = None if held_out is None else held_out.outcome
    return Program(
        name=name,
        commit=phylogeny.commit(row),
        score=phylogeny.score(row),
        held_out=outcome.score if isinstance(outcome, Scored) else None,
        evaluations=phylogeny.evaluation_count,
        seconds=phylogeny.spent.seconds,
        cost_usd=phylogeny.spent.cost_usd,
    )


def _check_alike(swarm: Run, other: Run) -> None:
    """Scores of two swarms say something of each other only if they started alike."""
    same = swarm.settings.evaluate.direction == other.settings.evaluate.direction
    if not same or swarm.phylogeny.tree(0) != other.phylogeny.tree(0):
        raise UserError(
            f"{clean_line(other.name, 80)} began with another base than {clean_line(swarm.name, 80)}",
            hint="compare runs of one problem",
        )


def _champion(swarm: Run) -> Program | None:
    found = swarm.phylogeny.best(1)
    return program(swarm, found[0], clean_line(swarm.name, 80)) if found else None


def _steps(swarm: Run, best: int) -> list[Step]:
    """The lineage of the best, oldest first, the base left out."""
    phylogeny = swarm.phylogeny
    lineage = [row for row in reversed(phylogeny.lineage(best)) if row]
    steps = [_step(phylogeny, row) for row in lineage]
    telling = sorted(steps, key=lambda step: -(step.gain or 0.0))[:MAX_STEPS]
    shown = {step.row for step in telling}
    return [
        replace(step, files=_since_parent(swarm, step.row)) if step.row in shown else step
        for step in steps
    ]


def _step(phylogeny: Phylogeny, row: int) -> Step:
    found = gain(phylogeny, row)
    return Step(
        row=row,
        commit=phylogeny.commit(row),
        agent=phylogeny.agent(row),
        operator=phylogeny.operator(row),
        subject=phylogeny.subject(row),
        score=phylogeny.score(row),
        gain=None if found is None else found.gain,
        merge=len(phylogeny.parents(row)) > 1,
        files=(),
    )


def _since_parent(swarm: Run, row: int) -> tuple[FileChange, ...]:
    phylogeny = swarm.phylogeny
    parents = phylogeny.parents(row)
    return _changes(swarm.git, phylogeny.tree(parents[0]), phylogeny.tree(row)) if parents else ()


def _changes(git: GitRepository, old: TreeId, new: TreeId) -> tuple[FileChange, ...]:
    found = changes(git, old, new)[:50]
    return tuple(replace(file, patch=_shortened(file.patch)) for file in found)


def _shortened(patch: str) -> str:
    lines = patch.rstrip("\n").split("\n")
    if len(lines) <= MAX_PATCH_LINES:
        return "\n".join(lines)
    more = len(lines) - MAX_PATCH_LINES
    return "\n".join([*lines[:MAX_PATCH_LINES], f"… {more} more lines: evogit diff"])


def _drawn(phylogeny: Phylogeny, best: int | None) -> tuple[int, ...]:
    count = len(phylogeny)
    if count <= MAX_INDIVIDUALS or best is None:
        return tuple(range(max(0, count - MAX_INDIVIDUALS), count))
    kin = {0, best} | phylogeny.ancestors(best)
    newest = range(count - MAX_INDIVIDUALS, count)
    return tuple(sorted(kin.union(newest)))


def _spending(phylogeny: Phylogeny) -> list[Point]:
    attempts = sorted(
        (row for agent in phylogeny.agents for row in phylogeny.attempts(agent)),
        key=lambda row: (row.time, row.agent, row.step),
    )
    found, made, seconds, tokens, cost = [Point(0, 0.0, 0, 0.0)], 0, 0.0, 0, 0.0
    start = attempts[0].time if attempts else 0.0
    for attempt in attempts:
        made += attempt.offspring is not None
        seconds = max(seconds, attempt.time - start)
        tokens += attempt.tokens
        cost += attempt.cost_usd
        found.append(Point(made, seconds, tokens, cost))
    skip = max(1, len(found) // _MAX_POINTS)
    return [*found[:-1:skip], found[-1]]


def outcome_word(phylogeny: Phylogeny, row: int) -> str:
    """How an individual was judged, in one line; empty if it was not."""
    outcome = phylogeny.outcome(row)
    return "" if outcome is None or isinstance(outcome, Scored) else describe(outcome)
