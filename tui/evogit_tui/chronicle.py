"""Journal entries as lines of a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Final, assert_never

from evogit.ids import CommitId
from evogit.outcome import Scored, describe
from evogit.phylogeny.tail import Happening
from evogit.records import Attempt, Decision, Evaluation, Lease
from evogit.text import clean_line

_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. ``about`` is the individual it is about; ``role`` colours ``what``."""

    who: str
    what: str
    about: CommitId | None
    text: str
    role: str = ""


def about_agent(happening: Happening, agent: str) -> bool:
    """Whether an agent did it, or a decision is about that agent."""
    match happening.record:
        case Attempt() | Evaluation() | Lease():
            return happening.record.agent == agent
        case Decision():
            return agent in happening.record.target.split(",")
        case _:
            assert_never(happening.record)


def worth_telling(happenings: Iterable[Happening]) -> list[Happening]:
    """All but reservations: the attempt that follows says more."""
    return [
        one
        for one in happenings
        if not (isinstance(one.record, Lease) and one.record.purpose == "reserve")
    ]


def tell(
    happening: Happening, records: Container[CommitId], agent_of: Callable[[CommitId], str]
) -> Line:
    """What an entry says.

    Args:
        happening: the entry.
        records: entries of evaluations by which the best score fell.
        agent_of: who made an individual; empty if that is not known.
    """
    record = happening.record
    match record:
        case Attempt():
            return _attempt(record)
        case Evaluation():
            who = record.agent or agent_of(record.commit) or happening.writer
            return _evaluation(record, who, is_record=happening.entry in records)
        case Decision():
            about = record.selects[0] if record.selects else None
            undone = f"of {record.undoes[:7]}" if record.undoes else ""
            parts = (undone, record.target, clean_line(record.text, 200))
            said = " ".join(part for part in parts if part)
            return Line(record.by, record.verb, about, said, "accent")
        case Lease():
            detail = ", ".join(f"{key} {value}" for key, value in record.detail.items())
            return Line(happening.writer, record.purpose, None, detail, "primary")
        case _:
            assert_never(record)


def _attempt(record: Attempt) -> Line:
    spend = record.spend
    parts = [f"step {record.step}"]
    if record.model:
        parts.append(record.model)
    if spend.tokens_in or spend.tokens_out:
        parts.append(f"{spend.tokens_in + spend.tokens_out:,} tokens")
    if spend.cost_usd:
        parts.append(f"${spend.cost_usd:.4g}")
    if record.duplicate_of is not None:
        parts.append(f"known already: {record.duplicate_of[:7]}")
    elif record.offspring is None:
        parts.append(f"no offspring: {record.reason}")
    about = record.offspring or record.duplicate_of
    role = "" if record.offspring else "dim"
    return Line(record.agent, record.operator, about, ", ".join(parts), role)


def _evaluation(record: Evaluation, who: str, *, is_record: bool) -> Line:
    text = describe(record.outcome)
    if is_record:
        text = f"NEW BEST {text}"
    what = "judge" if record.purpose == "search" else record.purpose
    scored = isinstance(record.outcome, Scored)
    role = "warning" if is_record else "success" if scored else "error"
    return Line(who, what, record.commit, text, role)


def clock(seconds: float, now: float) -> str:
    """Time of day; for what is older than a day the date, than most of a year year and month."""
    age = abs(now - seconds)
    form = "%H:%M:%S" if age < _DAY else "%m-%d %Hh" if age < 300 * _DAY else "%Y-%m"
    try:
        return time.strftime(form, time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "?"
