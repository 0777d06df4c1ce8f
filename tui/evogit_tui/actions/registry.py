"""All actions, put together from the modules that list them."""

from __future__ import annotations

from typing import Final

from evogit_tui.actions import graph, moving, overview, review, steer
from evogit_tui.actions.base import Action

ACTIONS: Final[dict[str, Action]] = {
    action.name: action
    for module in (moving, graph, overview, review, steer)
    for action in module.ACTIONS
}


def in_order() -> list[Action]:
    """All actions, those of some views before those of all: where both have a key, it is the one meant."""
    return sorted(ACTIONS.values(), key=lambda action: not action.views)
