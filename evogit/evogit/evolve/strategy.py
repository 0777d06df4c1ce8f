"""A strategy by name, whoever wrote it: its options are checked, and so is whatever it answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from random import Random
from typing import Final, cast

from evogit.errors import ConfigError
from evogit.ids import CommitId, is_object_id
from evogit.outcome import Outcome
from evogit.phylogeny.index import Phylogeny
from evogit.plugins import Plugin, find, load
from evogit.proposals import MERGE, Step, Strategy

_GROUP: Final = "evogit.strategies"
_MERGED: Final = 2


def make_strategy(name: str, options: Mapping[str, object]) -> Strategy:
    """A strategy by name.

    Its methods raise EvaluatorError if its code raises something, or if what it plans is no step
    from individuals of the swarm.

    Raises:
        NotFoundError: it is not installed.
        ConfigError: it can not be loaded, or does not take these options.
        EvaluatorError: making it failed, or what was made is no strategy.
    """
    plugin, found = Plugin(_GROUP, find(_GROUP, name)), load(_GROUP, name)
    if not callable(found):
        raise plugin.broken("it is no class")
    _require_known(name, found, options)
    with plugin.running("making it"):
        strategy = _made(name, found, options)
    for method in ("plan", "accepts"):
        if not callable(getattr(strategy, method, None)):
            raise plugin.broken(f"what it makes has no {method}")
    return _Watched(plugin, cast("Strategy", strategy))


def _require_known(name: str, make: Callable[..., object], options: Mapping[str, object]) -> None:
    """Refuse an option that the signature does not have, where there is a signature."""
    try:
        taken = inspect.signature(make).parameters
    except (TypeError, ValueError):
        return
    if any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        return
    for option in options:
        if option not in taken:
            close = get_close_matches(option, taken, n=1)
            meant = f"did you mean {close[0]}? " if close else ""
            raise ConfigError(
                f"strategy {name!r} has no option {option!r}",
                hint=f"{meant}evogit strategies {name} lists them",
            )


def _made(name: str, make: Callable[..., object], options: Mapping[str, object]) -> object:
    try:
        return make(**options)
    except TypeError as error:
        raise ConfigError(
            f"strategy {name!r} can not be made with its options: {error}",
            hint=f"evogit strategies {name} lists them",
        ) from error


class _Watched:
    """Another strategy; what it raises or answers wrongly is an error that names it."""

    def __init__(self, plugin: Plugin, strategy: Strategy) -> None:
        self._plugin = plugin
        self._strategy = strategy

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """The strategy's plan, if it is a step from individuals of this swarm."""
        with self._plugin.running("plan"):
            step = self._strategy.plan(phylogeny, agent, random)
        wrong = _what_is_wrong(step, phylogeny)
        if wrong:
            raise self._plugin.broken(wrong)
        return step

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """As the strategy decides."""
        with self._plugin.running("accepts"):
            return bool(self._strategy.accepts(phylogeny, agent, offspring, outcome, random))


def _what_is_wrong(step: object, phylogeny: Phylogeny) -> str:
    """Why this is no step that can be made, in words; empty if it is one."""
    if not isinstance(step, Step):
        return f"plan returned {type(step).__name__}, not a Step"
    for field, kind in (("operator", str), ("parents", tuple), ("inspirations", tuple)):
        if not isinstance(getattr(step, field), kind):
            return f"plan returned a Step whose {field} is no {kind.__name__}"
    if not step.parents:
        return f"plan returned a Step ({step.operator}) without parents"
    if step.operator == MERGE and len(step.parents) != _MERGED:
        return f"plan returned a merge of {len(step.parents)} parents, not of two"
    for commit in (*step.parents, *step.inspirations):
        if commit not in phylogeny or not is_object_id(commit):
            return f"plan chose {str(commit)[:40]!r}, which is not an individual of this swarm"
    return ""
