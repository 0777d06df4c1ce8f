"""Asks before something is done that a human may regret."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from evogit.text import clean, clean_line
from evogit_tui.dialogs.base import Dialog


class Confirm(Dialog[bool]):
    """Yes (``y`` or ``enter``) or no (``n`` or ``escape``).

    Args:
        title: the question.
        body: what will happen; shown as it is, scrollable.
        danger: draw it so that it can not be overlooked; ``enter`` alone is no yes then.
        must_type: what has to be typed for a yes; empty for nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes"),
        Binding("enter", "enter", "Yes", show=False),
        Binding("n", "no", "No"),
        Binding("escape", "no", "No", priority=True),
    ]
    DEFAULT_CSS = """
    Confirm VerticalScroll { height: auto; max-height: 60vh; }
    Confirm Input { height: 1; border: none; padding: 0; background: $boost; }
    """

    def __init__(
        self, title: str, body: str | Text = "", danger: bool = False, must_type: str = ""
    ) -> None:
        super().__init__()
        self._title = clean_line(title)
        self._body = body if isinstance(body, Text) else Text(clean(body, 20_000))
        self._danger = danger
        self._must_type = must_type

    def compose(self) -> ComposeResult:
        """What will happen, the field to type in, and the keys."""
        with Vertical(classes="box danger" if self._danger else "box") as box:
            box.border_title = self._title.replace("[", "\\[")
            with VerticalScroll(can_focus=not self._must_type):
                yield Static(self._body)
            if self._must_type:
                word = clean_line(self._must_type)
                yield Static(
                    f"Type {word} and press enter; escape no:", classes="hint", markup=False
                )
                yield Input(compact=True)
                yield Static("", classes="error", markup=False)
            else:
                yes = "y yes" if self._danger else "y or enter yes"
                yield Static(f"{yes}   n or escape no", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Let the human type at once."""
        self.query_one(Input if self._must_type else VerticalScroll).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Yes, if exactly the right thing was typed."""
        if message.value.strip() == self._must_type:
            self.dismiss(True)
        else:
            self.query_one(".error", Static).update(f"this is not {clean_line(self._must_type)}")

    def action_yes(self) -> None:
        """Yes."""
        if not self._must_type:
            self.dismiss(True)

    def action_enter(self) -> None:
        """Yes, if it is no danger."""
        if not self._danger:
            self.action_yes()

    def action_no(self) -> None:
        """No."""
        self.dismiss(False)
