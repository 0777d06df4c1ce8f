"""What a view is to the application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.containers import Container

from evogit.ids import CommitId
from evogit_tui.model import Facts, Model
from evogit_tui.search import Findable, Search
from evogit_tui.widgets.table import Table

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


class View(Container):
    """One of the six views. All methods are called on the UI thread.

    A view that is not visible gets no news; it is told everything when it becomes visible.
    """

    DEFAULT_CSS = """
    View { width: 1fr; height: 1fr; }
    """

    @property
    def evogit(self) -> EvoGitApp:
        """The application."""
        return cast("EvoGitApp", self.app)

    @property
    def model(self) -> Model:
        """What is shown."""
        return self.evogit.model

    def show(self, facts: Facts) -> None:
        """Draw what is new. Must cost milliseconds, whatever the size of the swarm."""

    def survey(self) -> None:
        """Agents, workers or the exchange do something else now: see ``evogit.sentinel.watch``."""

    def point_at(self, commit: CommitId) -> None:
        """The human points at another individual now."""

    def move(self, by: int) -> None:
        """Move the cursor by lines."""

    def page(self, by: float) -> None:
        """Move by pages."""

    def to_edge(self, *, top: bool) -> None:
        """Move to the first or last line."""

    def open(self) -> None:
        """Open what is under the cursor."""

    def close(self) -> bool:
        """Close what is open inside the view; false if there is nothing to close."""
        return False

    def findable(self) -> Findable | None:
        """The lines that a search looks through; ``None`` if it looks for individuals instead."""
        tables = cast("Iterable[Table[object]]", self.query(Table))
        return next((table for table in tables if table.active and table.display), None)

    def show_found(self, search: Search) -> None:
        """A search found more, something else, or ended."""
