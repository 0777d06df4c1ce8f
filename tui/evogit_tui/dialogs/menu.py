"""A short list of things to choose from, each with a key of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from evogit.text import clean_line
from evogit_tui.dialogs.base import Dialog


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu.

    Args:
        name: the answer if it is chosen.
        label: what it is, in one or two words of our own.
        key: the character that chooses it at once; empty for none.
        detail: what else is shown; may be anything, it is cleaned here.
    """

    name: str
    label: str
    key: str = ""
    detail: str = ""


class Menu(Dialog[str | None]):
    """Answers with the name of a choice, or ``None`` after ``escape``.

    Args:
        title: what is chosen.
        choices: at least one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel", priority=True),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]
    DEFAULT_CSS = """
    Menu .box { width: auto; min-width: 40; max-width: 90%; }
    Menu OptionList, Menu OptionList:focus { width: auto; height: auto; max-height: 60vh; border: none; background: $surface; padding: 0; }
    """

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = clean_line(title)
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        """The choices and the keys."""
        with Vertical(classes="box") as box:
            box.border_title = self._title.replace("[", "\\[")
            yield OptionList(*(Option(self._line(c), id=c.name) for c in self._choices))
            yield Static("enter choose   escape cancel", classes="hint", markup=False)

    def _line(self, choice: Choice) -> Text:
        text = Text(f"{choice.key or ' '}  ", style="bold", no_wrap=True, overflow="ellipsis")
        widest = max(len(c.label) for c in self._choices if c.detail or c is choice)
        said = f"{choice.label:<{widest}}  {clean_line(choice.detail, 120)}".rstrip()
        return text.append(said, style="not bold")

    def on_key(self, event: events.Key) -> None:
        """A choice's own key chooses it."""
        for choice in self._choices:
            if choice.key and event.character == choice.key:
                event.stop()
                self.dismiss(choice.name)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with what was chosen."""
        self.dismiss(message.option.id)

    def action_down(self) -> None:
        """One line down."""
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        """One line up."""
        self.query_one(OptionList).action_cursor_up()

    def action_cancel(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)
