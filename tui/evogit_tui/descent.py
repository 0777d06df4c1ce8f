"""One lineage: its steps, what was tried beside them, and how an objective went. For threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evogit.ids import CommitId
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt
from evogit.steering.feedback import pending
from evogit.steering.state import Feedback
from evogit.swarm.journal import read_entry
from evogit_tui.model import Facts, Model
from evogit_tui.plotting import Dot, Kind

Axis = Literal["evaluations", "generations"]
SCORE: Final = "score"
MAX_STEPS: Final = 3000
"""Older steps are left out of plot and list; the heading says so."""
_MAX_TRIED: Final = 10_000
_MAX_ATTEMPTS: Final = 2000


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out.

    Args:
        row: the individual whose lineage it is; if that lies on the way to its agent's tip, the
            lineage goes on to the tip.
        version: of the facts; so that the same question at another time is another one.
        objective: ``score``, or the name of a metric.
        axis: what x counts.
    """

    row: int
    version: int
    objective: str = SCORE
    axis: Axis = "evaluations"


@dataclass(frozen=True, slots=True)
class Descent:
    """A lineage.

    Args:
        steps: newest first, at most ``MAX_STEPS``; the base is the last unless older ones are cut.
        length: how many steps there are in all.
        dots: what to plot.
        objectives: ``score`` and the metrics its tip was judged by.
        crossovers_in: steps with two parents.
        crossovers_out: merges elsewhere that took up one of its steps.
        waiting: feedback that no attempt consumed yet.
        delivered: feedback for this lineage that was in some prompt.
    """

    question: Question
    agent: str
    steps: Sequence[int]
    length: int
    dots: Sequence[Dot]
    objectives: tuple[str, ...]
    crossovers_in: int = 0
    crossovers_out: int = 0
    waiting: int = 0
    delivered: int = 0


def trace(model: Model, facts: Facts, question: Question) -> Descent:
    """Follow a lineage. Takes milliseconds for hundreds of steps; reads git for metrics."""
    phylogeny = model.phylogeny
    agent, chain = _chain(phylogeny, facts, question.row)
    steps = chain[:MAX_STEPS]
    tip = phylogeny.outcome(steps[0])
    metrics = sorted(tip.metrics) if isinstance(tip, Scored) else []
    waiting, delivered = _feedback(model, facts, steps)
    beside, out = _beside(phylogeny, steps)
    return Descent(
        question=question,
        agent=agent,
        steps=steps,
        length=len(chain),
        dots=_Plotter(phylogeny, facts, question).dots(steps, beside),
        objectives=(SCORE, *metrics),
        crossovers_in=sum(len(phylogeny.parents(row)) > 1 for row in steps),
        crossovers_out=out,
        waiting=waiting,
        delivered=delivered,
    )


def _chain(phylogeny: Phylogeny, facts: Facts, row: int) -> tuple[str, list[int]]:
    for agent in dict.fromkeys((phylogeny.agent(row), *facts.names.get(row, ()))):
        tip = facts.tips.get(agent)
        if tip is not None and tip >= row:
            chain = phylogeny.lineage(tip)
            if row in chain:
                return agent, chain
    return phylogeny.agent(row), phylogeny.lineage(row)


def _beside(phylogeny: Phylogeny, steps: Sequence[int]) -> tuple[list[int], int]:
    """Offspring that did not become steps, newest first; merges that took a step elsewhere."""
    own, found, out = set(steps), list[int](), 0
    for row in steps:
        for child in phylogeny.children(row):
            if child in own:
                continue
            if phylogeny.parents(child)[0] != row:
                out += 1
            elif len(found) < _MAX_TRIED:
                found.append(child)
    return found, out


class _Plotter:
    def __init__(self, phylogeny: Phylogeny, facts: Facts, question: Question) -> None:
        self._phylogeny = phylogeny
        self._facts = facts
        self._question = question

    def dots(self, steps: Sequence[int], beside: Sequence[int]) -> list[Dot]:
        """Steps, and for the score also what was tried beside them."""
        found: list[Dot] = []
        if self._question.objective == SCORE:
            found += [self._dot(row, "tried") for row in beside]
        found += [self._dot(row, self._kind(row)) for row in steps]
        return [dot for dot in found if dot.y is not None or dot.kind == "failed"]

    def _kind(self, row: int) -> Kind:
        if row in self._facts.promoted:
            return "promoted"
        if row == self._facts.best:
            return "best"
        return "merge" if len(self._phylogeny.parents(row)) > 1 else "step"

    def _dot(self, row: int, kind: Kind) -> Dot:
        value = self._value(row)
        failed = value is None and self._phylogeny.standing(row) == "failed"
        return Dot(self._x(row), value, "failed" if failed else kind)

    def _value(self, row: int) -> float | None:
        if self._question.objective == SCORE:
            return self._phylogeny.score(row)
        outcome = self._phylogeny.outcome(row)
        if not isinstance(outcome, Scored):
            return None
        return outcome.metrics.get(self._question.objective)

    def _x(self, row: int) -> float:
        if self._question.axis == "generations":
            return self._phylogeny.generation(row)
        place = self._phylogeny.activity.place(row)
        return self._phylogeny.evaluation_count if place is None else place


def _feedback(model: Model, facts: Facts, steps: Sequence[int]) -> tuple[int, int]:
    """How much feedback for this lineage waits, and how much was delivered."""
    said = [item for item in facts.steering.feedback if _concerns(model, item, steps)]
    if not said:
        return 0, 0
    attempts = _attempts(model, min(item.time for item in said))
    tip = model.phylogeny.commit(steps[0])
    waiting = len(pending(facts.steering, model.phylogeny, [tip], lambda _: attempts))
    return waiting, len(said) - waiting


def _concerns(model: Model, item: Feedback, steps: Sequence[int]) -> bool:
    roots = (model.row(commit) for commit in item.commits)
    return any(root is not None and model.phylogeny.is_ancestor(root, steps[0]) for root in roots)


def _attempts(model: Model, since: float) -> list[tuple[float, Sequence[CommitId]]]:
    """The newest attempts since then: when, from which parents."""
    git, phylogeny = model.session.swarm.git, model.phylogeny
    found: list[tuple[float, Sequence[CommitId]]] = []
    for agent in phylogeny.agents:
        for attempt in reversed(phylogeny.attempts(agent)):
            if attempt.time < since or len(found) >= _MAX_ATTEMPTS:
                break
            record = read_entry(git, attempt.entry).record
            if isinstance(record, Attempt):
                found.append((attempt.time, record.parents))
    return found
