"""All actions with their keys, searchable; the chosen one is carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, get_args

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from evogit_tui.actions.base import Action, Group
from evogit_tui.actions.keys import keys_of, shown
from evogit_tui.dialogs.base import Dialog
from evogit_tui.states import STATES

_KEYS: Final = 16
_LABEL: Final = 17


@dataclass(frozen=True, slots=True)
class Line:
    """One action as the help shows it."""

    action: Action
    keys: str
    usable: bool

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word is somewhere in it."""
        text = f"{self.keys} {self.action.name} {self.action.label} {self.action.help}"
        text = f"{text} {' '.join(self.action.views)}".lower()
        return all(word in text for word in words)


def lines(
    actions: Mapping[str, Action],
    changed: Mapping[str, str],
    usable: Callable[[Action], bool],
    *,
    ascii_only: bool = False,
) -> list[Line]:
    """Every action in the order of its group."""
    groups: tuple[Group, ...] = get_args(Group)
    found: list[Line] = []
    for action in sorted(actions.values(), key=lambda action: groups.index(action.group)):
        keys = " ".join(shown(key, ascii_only=ascii_only) for key in keys_of(action, changed))
        found.append(Line(action, keys, usable(action)))
    return found


class HelpDialog(Dialog[str | None]):
    """The name of the action that was chosen, or ``None``.

    Args:
        known: what to show.
        ascii_only: draw the legend with ASCII characters only.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", priority=True),
        Binding("f1", "close", "Close", priority=True),
        Binding("down", "move(1)", "Down", priority=True),
        Binding("up", "move(-1)", "Up", priority=True),
        Binding("pagedown", "move(10)", "Page down", priority=True),
        Binding("pageup", "move(-10)", "Page up", priority=True),
    ]
    DEFAULT_CSS = """
    HelpDialog .box { width: 96%; max-width: 110; height: 95%; }
    HelpDialog Input { height: 1; border: none; padding: 0; background: $boost; }
    HelpDialog OptionList { height: 1fr; border: none; background: $surface; padding: 0; }
    HelpDialog .hint { margin-top: 0; }
    """

    def __init__(self, known: Sequence[Line], *, ascii_only: bool = False) -> None:
        super().__init__()
        self._known = known
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        """What to search for, what there is, the keys."""
        with Vertical(classes="box") as box:
            box.border_title = "Keys"
            yield Input(placeholder="type to search", compact=True)
            yield OptionList(markup=False)
            hint = "enter does it   up down move   escape close"
            yield Static(hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show all."""
        self.query_one(Input).focus()
        self._fill("")

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show what matches."""
        self._fill(message.value)

    def on_input_submitted(self) -> None:
        """Answer with what is highlighted."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Answer with what was clicked."""
        self.dismiss(message.option_id)

    def _fill(self, typed: str) -> None:
        wanted = " ".join(typed.lower().split())
        found = [line for line in self._known if line.matches(wanted.split())]
        if wanted:  # what is called so comes before what only speaks of it
            found.sort(key=lambda line: line.action.label.lower().find(wanted) % len(self._known))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(found))
        first = next((i for i, option in enumerate(options.options) if not option.disabled), None)
        options.highlighted = first
        options.scroll_home(animate=False)

    def _options(self, found: Sequence[Line]) -> Iterator[Option]:
        group = ""
        for line in found:
            if len(found) == len(self._known) and line.action.group != group:
                group = line.action.group
                yield Option(Text(group, style="bold"), disabled=True)
            yield Option(_row(line), id=line.action.name)
        if len(found) == len(self._known):
            yield Option(Text("States", style="bold"), disabled=True)
            for state in STATES.values():
                glyph = state.ascii if self._ascii else state.glyph
                yield Option(Text(f"  {glyph:<{_KEYS}}{state.word}"), disabled=True)
        elif not found:
            yield Option(Text("nothing matches"), disabled=True)

    def action_move(self, by: int) -> None:
        """Move the highlight by lines; headings are skipped."""
        options = self.query_one(OptionList)
        for _ in range(abs(by)):
            if by > 0:
                options.action_cursor_down()
            else:
                options.action_cursor_up()

    def action_close(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


def _row(line: Line) -> Text:
    keys = line.keys if len(line.keys) < _KEYS else f"{line.keys[: _KEYS - 3]}.."
    text = Text(f"  {keys:<{_KEYS}}", style="bold", no_wrap=True, overflow="ellipsis")
    text.append(f"{line.action.label:<{_LABEL}}", style="not bold")
    where = f" (in {', '.join(sorted(line.action.views))})" if line.action.views else ""
    text.append(f"{line.action.help}{where}", style="not bold")
    if not line.usable:
        text.append("  not now", style="not bold italic")
    return text
