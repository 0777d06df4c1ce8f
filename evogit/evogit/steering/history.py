"""Decisions in a row: which of them hold, and what undoing and redoing refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evogit.errors import NotFoundError, NothingToDoError
from evogit.ids import CommitId, several
from evogit.records import Decision
from evogit.steering.state import derive, effect
from evogit.text import clean_line

Entries = Sequence[tuple[CommitId, Decision]]
"""Decisions of all persons with their journal entries, oldest first."""

_ANSWERS: Final = ("undo", "redo")


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of ``evogit op log``. ``holds`` is false for what is undone at the moment."""

    entry: CommitId
    decision: Decision
    holds: bool


def about(decision: Decision) -> str:
    """What a decision is about: individuals, a name, words."""
    chosen = [*decision.selects, *([decision.undoes] if decision.undoes else [])]
    parts = (several(chosen), decision.target, clean_line(decision.text, 80))
    return " ".join(part for part in parts if part)


def operations(entries: Entries) -> list[Operation]:
    """All decisions, newest first."""
    known, active = dict(entries), _active(entries)

    def holds(entry: CommitId) -> bool:
        said = effect(known, entry)
        return said is not None and (said[0] in active) == said[1]

    return [Operation(entry, found, holds(entry)) for entry, found in reversed(entries)]


def last_holding(entries: Entries, by: str) -> CommitId | None:
    """A person's newest decision that holds."""
    mine = [entry for entry, found in derive(entries).active if found.by == by]
    return mine[-1] if mine else None


def last_undone(entries: Entries, by: str) -> CommitId | None:
    """A person's newest undo that holds."""
    known = dict(entries)
    for operation in operations(entries):
        answers = operation.decision.verb in _ANSWERS
        if answers and operation.decision.by == by and operation.holds:
            said = effect(known, operation.entry)
            if said is not None and not said[1]:
                return operation.entry
    return None


def meant(entries: Entries, answer: Decision) -> tuple[Decision, bool]:
    """The decision that an undo or redo comes down to, and whether that holds afterwards.

    Raises:
        NotFoundError: it names no decision.
        PreconditionError: that is so already.
    """
    known, probe = dict(entries), CommitId("")
    named = answer.undoes or probe
    said = effect(known | {probe: answer}, probe)
    if named not in known or said is None:
        raise NotFoundError(f"{named[:12]} is no decision", hint="evogit op log lists them")
    plain, holds = said
    if (plain in _active(entries)) == holds:
        state = "holds" if holds else "is undone"
        raise NothingToDoError(f"{known[plain].verb} {plain[:12]} {state} already")
    return known[plain], holds


def _active(entries: Entries) -> set[CommitId]:
    return {entry for entry, _ in derive(entries).active}
