"""How individuals are shown: as rows of a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from textwrap import indent
from typing import TYPE_CHECKING, Final, assert_never, cast

from evogit.cli.output import Column, Output
from evogit.cli.session import Session
from evogit.ids import JOURNALS
from evogit.outcome import (
    Crashed,
    Failed,
    Outcome,
    Quarantined,
    Rejected,
    Scored,
    TimedOut,
    to_json,
)

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

SHORT: Final = 12


def short(value: object) -> str:
    """The first digits of an id."""
    return str(value)[:SHORT] if value else ""


def number(value: object) -> str:
    """A score as people read it."""
    return f"{value:.6g}" if isinstance(value, (int, float)) else ""


def verdict(outcome: Outcome | None) -> str:
    """An outcome in at most three words; a score as the number alone."""
    match outcome:
        case None:
            return "-"
        case Scored(score):
            return number(score)
        case Failed(gate, _):
            return f"failed {gate}"
        case TimedOut(_, _):
            return "timed out"
        case Crashed(_, _):
            return "crashed"
        case Rejected(_):
            return "rejected"
        case Quarantined(_, _):
            return "quarantined"
        case _:
            assert_never(outcome)


def print_reason(output: Output, reason: str) -> None:
    """All of a reason that a short line above says only in part; nothing if it is empty."""
    if reason:
        output.line()
        output.line("all of the reason:", style="dim")
        output.line(indent(reason, "  "))


def doubted(session: Session, row: int) -> str:
    """Why what an individual gained may be no gain; empty if nothing says so."""
    from evogit.analysis.separation import doubt

    found = doubt(session.phylogeny, row, session.spec.settings.evaluate)
    return found or judged_elsewhere(session, row)


def judged_elsewhere(session: Session, row: int) -> str:
    """Whose word alone the score of an individual is, in words; empty if it was judged here too."""
    phylogeny, journals = session.phylogeny, session.swarm.git.refs_under(JOURNALS)
    judges = phylogeny.judges(row)
    if not row or any(JOURNALS + writer in journals for writer in judges):
        return ""
    names = ", ".join(sorted(judges)[:3]) + (" and others" if len(judges) > 3 else "")
    again = f"evogit eval {phylogeny.commit(row)[:SHORT]} --fresh"
    return f"its score is the word of {names} alone; {again} judges it here" if judges else ""


def unscored(session: Session) -> str:
    """Why no individual has a score; empty if one has."""
    if session.phylogeny.best(1, alive_only=False):
        return ""
    if not session.environment_digest and session.phylogeny.spent.evaluations:
        return "scores belong to an environment; which is this machine's is known after evogit eval base"
    return "nothing is scored yet"


def note_unscored(session: Session) -> None:
    """Say it where an answer without scores would look like one with them."""
    text = unscored(session)
    if text:
        session.output.note(text)


def _joined(value: object) -> str:
    return ", ".join(cast("list[str]", value)) if isinstance(value, list) else ""


COLUMNS: Final = (
    Column("commit", "commit", style="yellow", show=short),
    Column("score", "verdict", right=True, style="bold"),
    Column("gen", "generation", right=True),
    Column("agent", "agent", style="cyan"),
    Column("operator", "operator"),
    Column("subject", "subject", flexible=True),
    Column("marks", "marks", style="green", show=_joined),
)
FINDINGS: Final = (
    Column("finding", "severity"),
    Column("rule", "rule", style="yellow"),
    Column("file", "path"),
    Column("line", "line", right=True, show=lambda line: str(line or "")),
    Column("evidence", "evidence", flexible=True),
)


class Individuals:
    """Describes individuals of a session's phylogeny."""

    def __init__(self, session: Session) -> None:
        self.phylogeny: Phylogeny = session.phylogeny
        self._base = session.swarm.base

    def row(self, i: int) -> dict[str, object]:
        """One individual as JSON data, with what a table shows."""
        phylogeny = self.phylogeny
        outcome = phylogeny.outcome(i)
        return {
            "commit": phylogeny.commit(i),
            "tree": phylogeny.tree(i),
            "parents": [phylogeny.commit(p) for p in phylogeny.parents(i)],
            "agent": phylogeny.agent(i),
            "operator": phylogeny.operator(i),
            "step": phylogeny.step(i),
            "generation": phylogeny.generation(i),
            "time": phylogeny.time(i),
            "subject": phylogeny.subject(i),
            "outcome": None if outcome is None else to_json(outcome),
            "score": phylogeny.score(i),
            "verdict": verdict(outcome),
            "pruned": phylogeny.pruned(i),
            "marks": self.marks(i),
        }

    def rows(self, rows: Iterable[int]) -> list[dict[str, object]]:
        """Several individuals, in order."""
        return [self.row(i) for i in rows]

    def marks(self, i: int) -> list[str]:
        """What points at it: agents, tags, ``base``, ``pinned``, ``released``, ``pruned``."""
        marks = list(self._names.get(i, ()))
        if self.phylogeny.commit(i) == self._base:
            marks.append("base")
        if i in self.phylogeny.pinned:
            marks.append("pinned")
        if self.phylogeny.quarantine.released(self.phylogeny.tree(i)):
            marks.append("released")
        if self.phylogeny.pruned(i):
            marks.append("pruned")
        return marks

    @cached_property
    def _names(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for agent, i in sorted(self.phylogeny.tips.items()):
            found.setdefault(i, []).append(agent)
        for tag, i in sorted(self.phylogeny.tags.items()):
            found.setdefault(i, []).append(f"tag {tag}")
        return found
