"""What an action is. Modules of this package list theirs; ``registry`` puts them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

Group = Literal["Move", "Look", "Search", "Steer", "Session"]
"""Sections of the help screen, in this order."""


def _always(_: EvoGitApp) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a human can do.

    Args:
        name: permanent id, in kebab case; a user's keymap and the palette refer to it.
        keys: Textual key names, comma separated; the first is shown.
        label: one or two words for the footer and the palette.
        help: one sentence for the help screen.
        group: section of the help screen.
        run: does it, on the UI thread; anything slow goes to a worker.
        footer: whether it is worth a place in the footer.
        views: names of the views it makes sense in; empty for all.
        available: whether it makes sense right now; else it is left out of the footer.
        unless: name of an action with the same key, which has it whenever it is available.
    """

    name: str
    keys: str
    label: str
    help: str
    group: Group
    run: Callable[[EvoGitApp], None]
    footer: bool = False
    views: frozenset[str] = frozenset()
    available: Callable[[EvoGitApp], bool] = _always
    unless: str = ""
