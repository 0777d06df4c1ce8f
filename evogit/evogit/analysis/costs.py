"""What attempts cost and what came of it: by agent, model, operator, lineage or day."""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evogit.config.model import Settings
from evogit.ids import CommitId, natural
from evogit.phylogeny.activity import Activity, Totals
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.views import AttemptRow

By = Literal["agent", "model", "operator", "lineage", "day"]
LAST_DAY: Final = (datetime.date.max - datetime.date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class Cost:
    """What some attempts cost together.

    Args:
        name: of the agent, model, operator or day, or the agent at the lineage's tip.
        attempts: with what else is counted here: ``offspring`` new trees, of these ``improved``
            better than all their parents (in a lineage: than their first).
        tokens: of prompts and answers.
        cost_usd: as ``source`` has it.
        source: where the figure for money comes from; only by model.
    """

    name: str
    attempts: int
    offspring: int
    improved: int
    tokens: int
    cost_usd: float
    source: str = ""

    @property
    def usd_per_improvement(self) -> float | None:
        """Money for each improvement; ``None`` without one."""
        return self.cost_usd / self.improved if self.improved else None

    @property
    def tokens_per_improvement(self) -> float | None:
        """Tokens for each improvement; ``None`` without one."""
        return self.tokens / self.improved if self.improved else None


def costs(phylogeny: Phylogeny, settings: Settings, by: By) -> list[Cost]:
    """Rows in the order of what they cost, days and lineages in their own order.

    Every attempt is in exactly one row, except by ``lineage``: a row holds the attempts that made
    the tip of a branch and its ancestors along first parents, so branches share some and others are
    in none.
    """
    if by == "lineage":
        return _lineages(phylogeny)
    activity = _counted(phylogeny)
    if by == "day":
        return [_cost(_date(day), found) for day, found in sorted(activity.by_day.items())]
    groups: Mapping[str, Callable[[], Mapping[str, Totals]]] = {
        "agent": lambda: activity.by_agent,
        "model": lambda: activity.by_model,
        "operator": lambda: activity.by_operator,
    }
    rows = [
        _cost(name, found, source_of_money(settings, name) if by == "model" else "")
        for name, found in groups[by]().items()
    ]
    return sorted(rows, key=lambda row: (-row.cost_usd, -row.tokens, natural(row.name)))


def overall(phylogeny: Phylogeny) -> Cost:
    """All attempts together."""
    rows = _counted(phylogeny).by_agent.values()
    return Cost(
        name="all",
        attempts=sum(row.attempts for row in rows),
        offspring=sum(row.offspring for row in rows),
        improved=sum(row.improved for row in rows),
        tokens=phylogeny.spent.tokens,
        cost_usd=phylogeny.spent.cost_usd,
    )


def source_of_money(settings: Settings, model: str) -> str:
    """Where the price of a model's tokens comes from."""
    known = next((one for one in settings.models if one.name == model), None)
    if known is None:
        return "told by its agent"
    if known.price is None:
        return "litellm's table of prices"
    return "evogit.toml, ${:g} and ${:g} per million tokens".format(*known.price)


def _counted(phylogeny: Phylogeny) -> Activity:
    while phylogeny.activity.update():
        pass
    return phylogeny.activity


def _cost(name: str, found: Totals, source: str = "") -> Cost:
    return Cost(
        name or "-",
        found.attempts,
        found.offspring,
        found.improved,
        found.tokens,
        found.cost_usd,
        source,
    )


def _date(day: int) -> str:
    """A day in ISO form; one that no calendar has, from a host's broken clock, by its number."""
    if not 0 <= day <= LAST_DAY:
        return f"day {day}"
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def _lineages(phylogeny: Phylogeny) -> list[Cost]:
    made = defaultdict[CommitId, list[AttemptRow]](list)
    for agent in phylogeny.agents:
        for row in phylogeny.attempts(agent):
            if row.offspring is not None:
                made[row.offspring].append(row)
    tips = sorted(phylogeny.tips.items(), key=lambda item: natural(item[0]))
    return [_lineage(phylogeny, name, tip, made) for name, tip in tips]


def _lineage(
    phylogeny: Phylogeny, name: str, tip: int, made: Mapping[CommitId, Sequence[AttemptRow]]
) -> Cost:
    line = phylogeny.lineage(tip)
    rows = [row for i in line for row in made.get(phylogeny.commit(i), ())]
    better = sum(
        phylogeny.score(child) is not None
        and not phylogeny.fitness(parent) >= phylogeny.fitness(child)  # NaN without a score
        for child, parent in itertools.pairwise(line)
    )
    return Cost(
        name,
        attempts=len(rows),
        offspring=len(rows),
        improved=better,
        tokens=sum(max(row.tokens, 0) for row in rows),
        cost_usd=sum(max(row.cost_usd, 0.0) for row in rows),
    )
