"""Says that the terminal is too small, in place of drawing garbage."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST: Final = (60, 15)
"""Columns and lines that everything is drawn for."""


def too_small(size: Size) -> bool:
    """Whether nothing sensible fits."""
    return size.width < LEAST[0] or size.height < LEAST[1]


class TooSmall(ModalScreen[None]):
    """Covers everything; goes by itself once there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit")]
    DEFAULT_CSS = """
    TooSmall { background: $background; align: center middle; }
    TooSmall Static { width: 1fr; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """The words."""
        yield Static("", markup=False)

    def on_mount(self) -> None:
        """Say how large it is."""
        self._look()

    def on_resize(self, _: events.Resize) -> None:
        """Look again."""
        self._look()

    def on_screen_resume(self) -> None:
        """There may be room since something that lay above was closed."""
        self._look()

    def _look(self) -> None:
        size = self.size
        if not too_small(size):
            if self.is_current:
                self.dismiss(None)
            return
        now, least = f"{size.width}x{size.height}", f"{LEAST[0]}x{LEAST[1]}"
        self.query_one(Static).update(f"This terminal is {now}; evogit needs {least}. q quits.")
