"""Steering: what a human decides. All of it is recorded, and can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evogit_tui.actions import crossing, here, individuals, promoting, pruning, swarm, undoing
from evogit_tui.actions.base import Action

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


def _pruned(app: EvoGitApp) -> bool:
    row = app.model.current
    return row is not None and app.model.phylogeny.pruned(row)


def _alive(app: EvoGitApp) -> bool:
    return here.anywhere(app) and not _pruned(app)


def _loaded(app: EvoGitApp) -> bool:
    return app.model.facts is not None


ACTIONS: Final[tuple[Action, ...]] = (
    Action(
        "promote",
        "P",
        "Promote",
        "Bring it to a branch of your repository.",
        "Steer",
        promoting.promote,
        footer=True,
        available=here.anywhere,
    ),
    Action(
        "prune",
        "d",
        "Prune",
        "Take its lineage out of the population; commits stay.",
        "Steer",
        pruning.prune,
        footer=True,
        available=_alive,
    ),
    Action(
        "restore",
        "u",
        "Restore",
        "Bring its pruned lineage back.",
        "Steer",
        individuals.restore,
        available=_pruned,
    ),
    Action(
        "pin",
        "p",
        "Pin",
        "Keep it in sight, or take the pin away.",
        "Steer",
        individuals.pin,
        available=here.anywhere,
    ),
    Action("tag", "T", "Tag", "Name it.", "Steer", individuals.tag, available=here.anywhere),
    Action(
        "release",
        "r",
        "Release",
        "Let a quarantined individual go.",
        "Steer",
        individuals.release,
        available=here.anywhere,
    ),
    Action(
        "feedback",
        "f",
        "Feedback",
        "Say something to its lineage's next prompt.",
        "Steer",
        individuals.feedback,
        available=here.anywhere,
    ),
    Action(
        "merge",
        "M",
        "Merge",
        "Cross the two marked individuals, or the mark and this one.",
        "Steer",
        crossing.merge,
        available=crossing.possible,
    ),
    Action(
        "seed",
        "n",
        "Seed",
        "Start an agent from it.",
        "Steer",
        individuals.seed,
        available=here.anywhere,
        unless="search-next",
    ),
    Action(
        "goal", "e", "Goal", "Edit what the swarm is for.", "Steer", swarm.goal, available=_loaded
    ),
    Action(
        "pause",
        "x",
        "Pause",
        "Pause or resume its agent.",
        "Steer",
        swarm.pause,
        available=here.anywhere,
    ),
    Action(
        "stop",
        "K",
        "Stop",
        "Stop its agent after the current step.",
        "Steer",
        swarm.stop,
        views=frozenset({"population", "agents"}),
        available=here.anywhere,
    ),
    Action(
        "agents",
        "A",
        "Agents",
        "Set how many agents each worker hosts.",
        "Steer",
        swarm.agents,
        available=_loaded,
    ),
    Action(
        "undo",
        "z",
        "Undo",
        "Undo your last decision.",
        "Steer",
        undoing.undo,
        footer=True,
        available=_loaded,
    ),
    Action(
        "redo",
        "Z",
        "Redo",
        "Bring back what you undid last.",
        "Steer",
        undoing.redo,
        available=_loaded,
    ),
)
