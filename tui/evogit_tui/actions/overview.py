"""Sorting, filtering and choosing in the population, lineage, agents and operations views."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from evogit_tui.actions.base import Action
from evogit_tui.standing import Choice
from evogit_tui.views.lineage import LineageView
from evogit_tui.views.population import PopulationView

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_POPULATION: Final = frozenset({"population"})
_LINEAGE: Final = frozenset({"lineage"})


def _filter(choice: Choice) -> Callable[[EvoGitApp], None]:
    return lambda app: app.query_one(PopulationView).filter(choice)


def _filters() -> list[Action]:
    known: tuple[tuple[Choice, str, str, str], ...] = (
        ("running", "exclamation_mark", "Running", "Only lineages whose agents run."),
        ("review", "at", "To review", "What fails or stalls, and an unpromoted best."),
        ("dead", "number_sign", "Dead", "Only pruned and stopped lineages."),
        ("failed", "ampersand", "Failed", "Only agents that fail or stall."),
        ("all", "0", "All", "All lineages again."),
    )
    return [
        Action(f"lineages-{choice}", key, label, said, "Look", _filter(choice), views=_POPULATION)
        for choice, key, label, said in known
    ]


ACTIONS: Final[tuple[Action, ...]] = (
    Action(
        "sort-lineages",
        "s",
        "Sort",
        "Order the lineages by the next column.",
        "Look",
        lambda app: app.query_one(PopulationView).sort(),
        footer=True,
        views=_POPULATION,
    ),
    *_filters(),
    Action(
        "objective",
        "o",
        "Objective",
        "Plot the next metric.",
        "Look",
        lambda app: app.query_one(LineageView).next_objective(),
        footer=True,
        views=_LINEAGE,
    ),
    Action(
        "log-scale",
        "l",
        "Log scale",
        "Logarithmic or linear scale.",
        "Look",
        lambda app: app.query_one(LineageView).toggle_log(),
        footer=True,
        views=_LINEAGE,
    ),
    Action(
        "plot-axis",
        "a",
        "Axis",
        "Plot over evaluations or generations.",
        "Look",
        lambda app: app.query_one(LineageView).next_axis(),
        footer=True,
        views=_LINEAGE,
    ),
)
