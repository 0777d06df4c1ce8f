"""A text in full: an artefact of an attempt, or a message."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from evogit.text import clean, clean_line
from evogit_tui.dialogs.base import Dialog
from evogit_tui.search import Query, find_line
from evogit_tui.widgets.paper import Paper
from evogit_tui.widgets.visible import visible

MAX_TEXT: Final = 256 * 1024
MAX_LINES: Final = 10_000


class Viewer(Dialog[None]):
    """Scrolls a text and finds in it. Text may be anything; it is cleaned and cut here.

    Args:
        title: what it is.
        text: as it was found.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v", "leave", "Close"),
        Binding("j,down", "scroll_by(1)", "Down", show=False),
        Binding("k,up", "scroll_by(-1)", "Up", show=False),
        Binding("space,pagedown,ctrl+f", "page_by(1.0)", "Page down", show=False),
        Binding("pageup,ctrl+b", "page_by(-1.0)", "Page up", show=False),
        Binding("ctrl+d", "page_by(0.5)", "Half page down", show=False),
        Binding("ctrl+u", "page_by(-0.5)", "Half page up", show=False),
        Binding("g,home", "edge(True)", "Top", show=False),
        Binding("G,end", "edge(False)", "Bottom", show=False),
        Binding("slash", "search", "Search"),
        Binding("n", "next(True)", "Next", show=False),
        Binding("N", "next(False)", "Previous", show=False),
    ]
    DEFAULT_CSS = """
    Viewer .box { width: 96%; max-width: 160; height: 92%; }
    Viewer Input { display: none; height: 1; }
    Viewer Paper { background: $surface; }
    Viewer .hint { margin-top: 0; }
    """

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = clean_line(title)
        lines = clean(text, MAX_TEXT).rstrip("\n").split("\n")
        cut = len(lines) - MAX_LINES
        self._lines = lines[:MAX_LINES] + ([f"... {cut:,} more lines"] if cut > 0 else [])
        self._query = Query("")
        self._paper = Paper()

    def compose(self) -> ComposeResult:
        """The text, the field to search in, the keys."""
        with Vertical(classes="box") as box:
            box.border_title = self._title.replace("[", "\\[")
            yield self._paper
            yield Input(compact=True, disabled=True, placeholder="search")
            keys = "j k space g G move   / n N find   escape close"
            yield Static(keys, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the text."""
        self._paper.write([Text(visible(line)) for line in self._lines])

    # ------------------------------------------------------------------ moving

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self._paper.scroll_lines(lines)

    def action_page_by(self, pages: float) -> None:
        """Scroll by pages."""
        self._paper.scroll_pages(pages)

    def action_edge(self, top: bool) -> None:
        """Scroll to the start or the end."""
        self._paper.scroll_to(y=0 if top else self._paper.max_scroll_y, animate=False)

    def action_leave(self) -> None:
        """Close the field to search in, else all."""
        field = self.query_one(Input)
        if field.display:
            self._close_field(field)
        else:
            self.dismiss(None)

    # ------------------------------------------------------------------ finding

    def action_search(self) -> None:
        """Let the human type what to find."""
        field = self.query_one(Input)
        field.display = True
        field.disabled = False
        self.set_focus(field)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go to the first place."""
        self._query = Query(message.value)
        self._close_field(message.input)
        self.action_next(True, here=True)

    def _close_field(self, field: Input) -> None:
        field.display = False
        field.disabled = True
        self.set_focus(None)

    def action_next(self, forward: bool, here: bool = False) -> None:
        """Go to the next place, or the one before."""
        if not self._query.needle:
            return
        line = find_line(self, self._query, forward=forward, here=here)
        if line is None:
            self.notify("not found", markup=False)
        else:
            self.find_show(line)

    @property
    def find_size(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def find_here(self) -> int:
        """The line found last."""
        return max(self._paper.marked, 0)

    def find_text(self, line: int) -> str:
        """The text of a line."""
        return self._lines[line]

    def find_show(self, line: int) -> None:
        """Point a line out."""
        self._paper.point_out(line)
