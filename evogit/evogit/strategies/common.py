"""What strategies share: where an agent stands, what two parents do, and reading options."""

from __future__ import annotations

from random import Random
from typing import TypeVar

from evogit.errors import ConfigError
from evogit.ids import CommitId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Step

Choice = TypeVar("Choice", bound=str)


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


def stale_steps(phylogeny: Phylogeny, agent: str, last: int | None = None) -> int:
    """How many steps an agent has made since its branch last moved, up to step ``last``.

    Where it stands on another's individual (a human's seed, or the best that is left after a prune) only
    what it made of that one counts: the step of another's says nothing about its own.
    """
    here = standing(phylogeny, agent)
    if here and phylogeny.agent(here) != agent:
        own = (child for child in phylogeny.children(here) if phylogeny.agent(child) == agent)
        return sum(last is None or phylogeny.step(child) <= last for child in own)
    newest = phylogeny.last_step(agent) if last is None else last
    return max(newest - phylogeny.step(here), 0)


def stuck(phylogeny: Phylogeny, agent: str, patience: int, last: int | None = None) -> bool:
    """Whether an agent's branch has not moved for more than ``patience`` steps; 0: never.

    Args:
        phylogeny: where it stands.
        agent: its name.
        patience: how many steps.
        last: the steps after this one are not counted; ``None``: all are.
    """
    return patience > 0 and stale_steps(phylogeny, agent, last) > patience


def restarted(phylogeny: Phylogeny, agent: str, offspring: CommitId, patience: int) -> bool:
    """Whether an offspring's step was planned by a stuck agent.

    By the time an offspring is judged its own step counts as made: the plan did not know that.
    """
    planned_after = phylogeny.step(phylogeny.index(offspring)) - 1
    return stuck(phylogeny, agent, patience, planned_after)


def climbs(
    phylogeny: Phylogeny, agent: str, offspring: CommitId, outcome: Outcome, patience: int
) -> bool:
    """Whether an offspring improves; or, of a stuck agent, is a first step from the base."""
    if begins_anew(phylogeny, agent, offspring, outcome, patience):
        return True
    return improves(phylogeny, agent, offspring, outcome)


def begins_anew(
    phylogeny: Phylogeny, agent: str, offspring: CommitId, outcome: Outcome, patience: int
) -> bool:
    """Whether an offspring with a score is a stuck agent's first step from the base."""
    from_base = phylogeny.parents(phylogeny.index(offspring)) == (0,)
    first = from_base and restarted(phylogeny, agent, offspring, patience)
    return first and isinstance(outcome, Scored)


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


def recombined(
    phylogeny: Phylogeny, parents: tuple[int, int], *, cross: float, merge: float, random: Random
) -> Step:
    """Merge or cross two individuals by chance, else mutate the first with the second to read.

    Args:
        phylogeny: where they are.
        parents: their numbers; the same twice is mutated.
        cross: chance of recombining them by the agent's own operator.
        merge: chance of merging them.
        random: the only source of chance.
    """
    first, second = map(phylogeny.commit, parents)
    if first == second:
        return Step("mutate", (first,))
    chance = random.random()
    if chance < merge:
        return Step(MERGE, (first, second))
    if chance < merge + cross:
        return Step("cross", (first, second))
    return Step("mutate", (first,), (second,))


def choice(name: str, value: object, known: tuple[Choice, ...]) -> Choice:
    """An option that is one of a few words.

    Raises:
        ConfigError: it is none of them.
    """
    found = next((word for word in known if word == value), None)
    if found is None:
        raise ConfigError(f"search.options.{name} is {value!r}", hint=f"use {' or '.join(known)}")
    return found


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
