"""How the lineages of a population stand: one row for each agent, from the columns alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evogit.phylogeny.index import Phylogeny
from evogit_tui.fleet import Doing, Member, natural
from evogit_tui.model import Facts

GENERATIONS: Final = 10
"""Over how many generations a lineage's gain is told."""

Order = Literal["lineage", "score", "gain", "state", "cost", "last"]
ORDERS: Final[tuple[Order, ...]] = ("lineage", "score", "gain", "state", "cost", "last")
Choice = Literal["all", "running", "review", "dead", "failed"]
_GRAVEST: Final[tuple[Doing, ...]] = (
    *("failing", "stalled", "evaluating", "running"),
    *("paused", "away", "idle", "stopped", "pruned"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One lineage. Scores are in the evaluator's unit, gains positive when better.

    Args:
        gain: how much its tip is better than its ancestor ten generations ago; ``None`` if either
            has no score.
        total_gain: the same against the base.
        is_best: whether no individual has a better score than its tip.
        promoted: whether its tip was promoted.
    """

    member: Member
    commit: str
    score: float | None
    gain: float | None
    total_gain: float | None
    generation: int
    is_best: bool = False
    promoted: bool = False
    marked: bool = False

    @property
    def pass_rate(self) -> float | None:
        """The share of its judged offspring that got a score."""
        totals = self.member.totals
        return totals.scored / totals.judged if totals.judged else None

    @property
    def cost_per_gain(self) -> float | None:
        """Dollars for one unit of score gained since the base; infinite for nothing gained."""
        cost = self.member.totals.cost_usd
        if not cost or self.total_gain is None:
            return None
        return cost / self.total_gain if self.total_gain > 0 else math.inf


def rows(
    phylogeny: Phylogeny, facts: Facts, members: Sequence[Member], marks: Sequence[str] = ()
) -> list[Row]:
    """One row for each agent, in the order of ``members``."""
    return [_row(phylogeny, facts, member, marks) for member in members]


def _row(phylogeny: Phylogeny, facts: Facts, member: Member, marks: Sequence[str]) -> Row:
    tip = member.tip
    if tip is None:
        return Row(member, "", None, None, None, 0)
    commit = phylogeny.commit(tip)
    return Row(
        member=member,
        commit=commit,
        score=phylogeny.score(tip),
        gain=_better(phylogeny, tip, _before(phylogeny, tip)),
        total_gain=_better(phylogeny, tip, 0),
        generation=phylogeny.generation(tip),
        is_best=facts.best_score is not None and phylogeny.score(tip) == facts.best_score,
        promoted=tip in facts.promoted,
        marked=commit in marks,
    )


def _before(phylogeny: Phylogeny, row: int) -> int:
    """The first-parent ancestor ten generations ago, or the base."""
    until = phylogeny.generation(row) - GENERATIONS
    while row and phylogeny.generation(row) > until:
        row = phylogeny.parents(row)[0]
    return row


def _better(phylogeny: Phylogeny, row: int, than: int) -> float | None:
    gain = phylogeny.fitness(row) - phylogeny.fitness(than)
    return None if math.isnan(gain) else gain


def chosen(found: Sequence[Row], choice: Choice) -> list[Row]:
    """Those a human asked for.

    ``review`` is what wants a look: what fails or stalls, and a best individual nobody promoted.
    """
    tests: dict[Choice, Callable[[Row], bool]] = {
        "all": lambda _: True,
        "running": lambda row: row.member.doing in {"running", "evaluating"},
        "review": lambda row: (
            row.member.doing in {"failing", "stalled"} or (row.is_best and not row.promoted)
        ),
        "dead": lambda row: row.member.doing in {"pruned", "stopped"},
        "failed": lambda row: row.member.doing in {"failing", "stalled"},
    }
    return [row for row in found if tests[choice](row)]


def ordered(found: Sequence[Row], order: Order, *, maximize: bool) -> list[Row]:
    """The rows with the most telling first; equal ones by name."""
    sign = 1.0 if maximize else -1.0
    keys: dict[Order, Callable[[Row], float]] = {
        "lineage": lambda _: 0.0,
        "score": lambda row: _last(row.score, -sign),
        "gain": lambda row: _last(row.gain, -1.0),
        "state": lambda row: float(_GRAVEST.index(row.member.doing)),
        "cost": lambda row: -row.member.totals.cost_usd,
        "last": lambda row: -row.member.last,
    }
    return sorted(found, key=lambda row: (keys[order](row), natural(row.member.name)))


def _last(number: float | None, sign: float) -> float:
    return math.inf if number is None else number * sign
