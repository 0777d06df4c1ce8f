"""A view whose keys move in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from rich.text import Text
from textual.widgets import Static
from textual.worker import (
    Worker,
    get_current_worker,  # pyright: ignore[reportUnknownVariableType]
)

from evogit.text import clean_line
from evogit_tui.views.base import View
from evogit_tui.widgets.table import Table


class Caption(Static, can_focus=False):
    """One line that says what is shown and which keys change that."""

    DEFAULT_CSS = """
    Caption { height: 1; width: 1fr; padding: 0 1; color: $foreground; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def say(self, *said: str) -> None:
        """Show these, with gaps between them; what is empty is left out."""
        line = "  ".join(clean_line(part, 300) for part in said if part)
        self.update(Text(line, no_wrap=True, overflow="ellipsis"))


class Listing(View):
    """Moves the cursor of ``table``; subclasses say which that is right now."""

    @property
    def table(self) -> Table[Any]:
        """The table that keys move in."""
        raise NotImplementedError

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.table.move(by)

    def page(self, by: float) -> None:
        """Move by pages."""
        self.table.page(by)

    def to_edge(self, *, top: bool) -> None:
        """Move to the first or last line."""
        self.table.to_edge(top=top)

    def on_table_opened(self, _: Table.Opened) -> None:
        """A double click does what the key does."""
        self.open()


def cancelled() -> bool:
    """Whether the worker this is called in was told to end."""
    worker = cast("Worker[object]", get_current_worker())
    return worker.is_cancelled


NAME: Final = 10
"""Cells for an agent's name: ``vm-4bfe-a1`` fits."""


def named(agent: str, *, ascii_only: bool) -> str:
    """An agent's name in at most ``NAME`` characters; its number stays, its host is cut."""
    host, _, plain = agent.rpartition("-")
    room = NAME - len(plain) - 2
    if len(agent) <= NAME or not host or room < 1:
        return agent
    return f"{host[:room]}{'~' if ascii_only else '…'}-{plain}"


def joined(items: Sequence[str], most: int = 2) -> str:
    """The first of some names, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" +{more}" if more > 0 else "")
