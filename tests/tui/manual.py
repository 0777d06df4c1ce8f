"""Writes the reference part of docs/tui.md from the registry: ``python tests/tui/manual.py``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from evogit_tui.actions.base import Action, Group
from evogit_tui.actions.keys import keys_of, shown
from evogit_tui.actions.registry import ACTIONS
from evogit_tui.config import dump
from evogit_tui.options import Options
from evogit_tui.states import STATES

PAGE = Path(__file__).parents[2] / "docs" / "tui.md"
START = "<!-- from here on written by tests/tui/manual.py -->"


def table(actions: list[Action]) -> list[str]:
    """Actions of one group."""
    lines = ["| keys | action | what it does | where |", "|---|---|---|---|"]
    for action in actions:
        keys = " ".join(f"`{_text(key)}`" for key in keys_of(action, {}))
        where = ", ".join(sorted(action.views)) or "everywhere"
        help_ = action.help.replace("|", "\\|")
        lines.append(f"| {keys} | {action.name} | {help_} | {where} |")
    return lines


def _text(key: str) -> str:
    return shown(key, ascii_only=True).replace("|", "\\|")


def reference() -> str:
    """The generated part of the page."""
    parts = [START, "", "## Keys"]
    for group in get_args(Group):
        found = [action for action in ACTIONS.values() if action.group == group]
        if found:
            parts += ["", f"### {group}", "", *table(found)]
    parts += ["", "## States", "", "| glyph | with `--ascii` | word |", "|---|---|---|"]
    for state in STATES.values():
        parts.append(f"| {state.glyph} | `{state.ascii}` | {state.word} |")
    parts += ["", "## tui.toml", "", "```toml", dump(Options()).rstrip("\n"), "```"]
    return "\n".join(parts) + "\n"


def page() -> str:
    """The whole page: what people wrote, and the reference as it should be."""
    return PAGE.read_text("utf-8").partition(START)[0] + reference()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
