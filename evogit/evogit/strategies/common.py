"""What strategies share: where an agent stands, and reading options."""

from __future__ import annotations

from evogit.errors import ConfigError
from evogit.ids import CommitId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny


def standing(phylogeny: Phylogeny, agent: str) -> int:
    """Index of the individual an agent stands at.

    Its tip; after that was pruned or held in quarantine the best that is not, else the base.
    """
    tip = phylogeny.tips.get(agent)
    if tip is not None and not phylogeny.pruned(tip) and not phylogeny.quarantine.holds(tip):
        return tip
    if tip is not None:
        best = phylogeny.best(1)
        return best[0] if best else 0
    return 0


def stale_steps(phylogeny: Phylogeny, agent: str) -> int:
    """How many steps an agent has made since its branch last moved."""
    return max(phylogeny.last_step(agent) - phylogeny.step(standing(phylogeny, agent)), 0)


def improves(phylogeny: Phylogeny, agent: str, offspring: CommitId, outcome: Outcome) -> bool:
    """Whether a scored offspring is at least as good as where its agent stands.

    Equal counts: neutral steps let a lineage drift across plateaus (Kimura 1968; used in search by
    Galván-López et al., "Neutrality in evolutionary algorithms", 2011). NaN never compares.
    """
    if not isinstance(outcome, Scored):
        return False
    mine = phylogeny.fitness(standing(phylogeny, agent))
    theirs = phylogeny.fitness(phylogeny.index(offspring))
    return theirs >= mine or (mine != mine and theirs == theirs)  # NaN test


def option(name: str, value: object, low: float, high: float) -> float:
    """A numeric option within its bounds.

    Raises:
        ConfigError: it is not a number, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(
            f"search.options.{name} is {value!r}", hint=f"use a number from {low:g} to {high:g}"
        )
    return float(value)
