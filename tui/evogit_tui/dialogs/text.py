"""Asks for a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static, TextArea

from evogit.text import clean, clean_line
from evogit_tui.dialogs.base import Dialog

Check = Callable[[str], str]
"""Says what is wrong with an answer; empty if nothing is."""

_MAX_TEXT: Final = 20_000


def _anything(_: str) -> str:
    return ""


class TextDialog(Dialog[str | None]):
    """Several lines of text; ``ctrl+s`` takes it, ``escape`` does not. The answer is clean.

    Args:
        title: what is asked for.
        initial: what stands there at first.
        hint: a line below, for what will happen with it.
        check: refuses an answer by saying why.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "accept", "Send"),  # no priority: after what was typed
        Binding("escape", "cancel", "Cancel", priority=True),
    ]
    DEFAULT_CSS = """
    TextDialog TextArea { height: 12; max-height: 60vh; }
    """

    def __init__(
        self, title: str, initial: str = "", hint: str = "", check: Check = _anything
    ) -> None:
        super().__init__()
        self._title = clean_line(title)
        self._initial = clean(initial, _MAX_TEXT)
        self._hint = clean_line(hint, 500)
        self._check = check

    def compose(self) -> ComposeResult:
        """The text, what is wrong with it, and the keys."""
        with Vertical(classes="box") as box:
            box.border_title = self._title.replace("[", "\\[")
            yield TextArea(self._initial, show_line_numbers=False, soft_wrap=True)
            yield Static("", classes="error", markup=False)
            keys = "ctrl+s send   escape cancel"
            yield Static(f"{self._hint}\n{keys}".strip(), classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start at the end of what is there."""
        area = self.query_one(TextArea)
        area.focus()
        area.move_cursor(area.document.end)

    def action_accept(self) -> None:
        """Answer with the text, unless something is wrong with it."""
        text = clean(self.query_one(TextArea).text, _MAX_TEXT).strip()
        wrong = self._check(text)
        if wrong:
            self.query_one(".error", Static).update(clean_line(wrong))
        else:
            self.dismiss(text)

    def action_cancel(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


class LineDialog(Dialog[str | None]):
    """One line of text; ``enter`` takes it, ``escape`` does not. The answer is clean.

    Args:
        title: what is asked for.
        initial: what stands there at first, selected.
        hint: a line below, for what will happen with it.
        check: refuses an answer by saying why.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", priority=True)]

    def __init__(
        self, title: str, initial: str = "", hint: str = "", check: Check = _anything
    ) -> None:
        super().__init__()
        self._title = clean_line(title)
        self._initial = clean_line(initial)
        self._hint = clean_line(hint, 500)
        self._check = check

    def compose(self) -> ComposeResult:
        """The line, what is wrong with it, and the keys."""
        with Vertical(classes="box") as box:
            box.border_title = self._title.replace("[", "\\[")
            yield Input(self._initial, select_on_focus=True)
            yield Static("", classes="error", markup=False)
            keys = "enter accept   escape cancel"
            yield Static(f"{self._hint}\n{keys}".strip(), classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let the human type at once."""
        self.query_one(Input).focus()

    def on_input_changed(self) -> None:
        """What was wrong may be right now."""
        self.query_one(".error", Static).update("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Answer with the line, unless something is wrong with it."""
        text = clean_line(message.value)
        wrong = self._check(text)
        if wrong:
            self.query_one(".error", Static).update(clean_line(wrong))
        else:
            self.dismiss(text)

    def action_cancel(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)
