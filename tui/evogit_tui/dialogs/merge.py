"""Shows what a merge would give, and asks what decides where both sides changed the same lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, get_args

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from evogit.evolve.merging import Policy
from evogit.text import clean_line
from evogit_tui.dialogs.base import Dialog

_POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
_MEANING: Final[dict[Policy, str]] = {
    "fitness": "the fitter parent's lines win",
    "random": "chance decides each hunk",
    "combinations": "a combination nobody has tried yet",
}
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What merging two individuals gives.

    Args:
        parents: both, in words.
        base: their common ancestor, in words.
        conflicts: (path, number of conflicting hunks).
    """

    parents: tuple[str, str]
    base: str
    conflicts: tuple[tuple[str, int], ...] = ()


class MergeDialog(Dialog[Policy | None]):
    """The chosen policy, or ``None``.

    Args:
        preview: what to show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "accept", "Merge"),
        Binding("c", "cycle", "Conflicts by"),
        Binding("escape,n", "cancel", "Cancel", priority=True),
    ]
    DEFAULT_CSS = """
    MergeDialog VerticalScroll { height: auto; max-height: 60vh; }
    """

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self._preview = preview
        self._policy: Policy = _POLICIES[0]

    def compose(self) -> ComposeResult:
        """Both parents, the conflicts, and the keys."""
        with Vertical(classes="box") as box:
            box.border_title = "Merge two individuals"
            with VerticalScroll():
                yield Static(self._text(), markup=False)
            yield Static("", id="policy", markup=False)
            keys = "enter merge and judge   escape cancel"
            if self._preview.conflicts:
                keys = f"c conflicts by   {keys}"
            yield Static(keys, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show the policy, if there is anything to decide."""
        self._show_policy()

    def _text(self) -> str:
        first, second = (clean_line(parent) for parent in self._preview.parents)
        lines = [f"into  {first}", f"from  {second}", f"base  {clean_line(self._preview.base)}", ""]
        conflicts = self._preview.conflicts
        if not conflicts:
            return "\n".join([*lines, "clean: no line was changed by both"])
        hunks = sum(number for _, number in conflicts)
        lines.append(f"{hunks} conflicting hunks in {len(conflicts)} files:")
        lines += [f"  {clean_line(path)}  {number}" for path, number in conflicts[:_SHOWN]]
        return "\n".join(lines)

    def _show_policy(self) -> None:
        if self._preview.conflicts:
            text = f"conflicts by {self._policy}: {_MEANING[self._policy]}"
            self.query_one("#policy", Static).update(text)

    def action_cycle(self) -> None:
        """The next policy."""
        self._policy = _POLICIES[(_POLICIES.index(self._policy) + 1) % len(_POLICIES)]
        self._show_policy()

    def action_accept(self) -> None:
        """Merge."""
        self.dismiss(self._policy)

    def action_cancel(self) -> None:
        """Do not merge."""
        self.dismiss(None)
