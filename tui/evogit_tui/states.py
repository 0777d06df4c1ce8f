"""The states of an individual: a glyph, its ASCII stand-in and a word for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny
    from evogit_tui.model import Facts

StateName = Literal[
    "best",
    "alive",
    "evaluated",
    "merge",
    "pending",
    "failed",
    "held",
    "pruned",
    "promoted",
    "tagged",
    "stalled",
]


@dataclass(frozen=True, slots=True)
class State:
    """How a state is shown. ``role`` is a colour of the theme."""

    glyph: str
    ascii: str
    word: str
    role: str


STATES: Final[dict[StateName, State]] = {
    "best": State("◆", "*", "best", "warning"),
    "alive": State("●", "@", "alive", "success"),
    "evaluated": State("○", "o", "evaluated", "foreground"),
    "merge": State("◎", "M", "merge", "primary"),
    "pending": State("◌", "?", "not evaluated", "foreground"),
    "failed": State("✗", "x", "failed", "error"),
    "held": State("◍", "!", "quarantined", "warning"),
    "pruned": State("†", "+", "pruned", "foreground"),
    "promoted": State("★", "P", "promoted", "accent"),
    "tagged": State("⚑", "T", "tagged", "secondary"),
    "stalled": State("⚠", "!", "stalled", "error"),
}


def state_of(phylogeny: Phylogeny, facts: Facts, row: int) -> StateName:
    """The one state an individual is shown in: of several that hold, the one that matters most.

    ``alive`` is an individual at a branch's tip. Takes microseconds, reads no git and does not wait
    for a refresh, so it may be asked for every visible line. ``stalled`` is about agents only.
    """
    if row in facts.promoted:
        return "promoted"
    if phylogeny.pruned(row):
        return "pruned"
    if row == facts.best:
        return "best"
    standing = phylogeny.standing(row)
    if standing == "held" or standing == "failed":
        return standing
    names = facts.names.get(row, ())
    if any(name in facts.tags for name in names):
        return "tagged"
    if any(facts.tips.get(name) == row for name in names):
        return "alive"
    if standing == "pending":
        return "pending"
    return "merge" if len(phylogeny.parents(row)) > 1 else "evaluated"
