"""The two lines above a comparison: who against whom, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import Static

from evogit.text import clean_line
from evogit_tui.widgets.diff_comparing import Comparison


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lines say.

    Args:
        commit: the individual.
        subject: its subject.
        other: id of what it is compared with; empty for nothing.
        side: name of that side.
        sides: names of all sides there are.
        found: the comparison; ``None`` while it is made.
        trouble: why there is none.
        context: lines shown around a change.
        ignore_space: whether white space is ignored.
        comments: how many comments wait.
        merge: what a merge into the user's branch would be; empty while nobody knows.
    """

    commit: str
    subject: str
    other: str
    side: str
    sides: Sequence[str]
    found: Comparison | None
    trouble: str
    context: int
    ignore_space: bool
    comments: int
    merge: str


class DiffHead(Static):
    """Two lines."""

    DEFAULT_CSS = """
    DiffHead { height: 2; padding: 0 1; background: $panel; color: $foreground; text-wrap: nowrap; text-overflow: ellipsis; }
    DiffHead.-ascii { text-overflow: clip; }
    """

    def show(self, standing: Standing | None, *, ascii_only: bool) -> None:
        """Draw the lines; ``None`` if no individual is chosen."""
        self.set_class(ascii_only, "-ascii")
        if standing is None:
            self.update(Text("no individual is chosen"))
            return
        arrow = "->" if ascii_only else "→"
        title = Text(f"diff {standing.other[:8] or 'nothing'} {arrow} {standing.commit[:8]}")
        title.stylize("bold")
        title.append(f"  {clean_line(standing.subject)}", style="not bold")
        self.update(Text("\n").join([title, _state(standing)]))


def _state(standing: Standing) -> Text:
    text = Text("against ")
    for name in standing.sides:
        chosen = name == standing.side
        text.append(f"[{name}]" if chosen else name, style="bold reverse" if chosen else "")
        text.append(" ")
    text.append("".join(f"  {part}" for part in _parts(standing)))
    return text


def _parts(standing: Standing) -> list[str]:
    parts = [standing.trouble or _size(standing.found)]
    if standing.comments:
        noun = "comment" if standing.comments == 1 else "comments"
        parts.append(f"{standing.comments} {noun} queued (S sends)")
    if standing.merge:
        parts.append(standing.merge)
    if standing.context != 3:
        parts.append(f"context {standing.context}")
    if standing.ignore_space:
        parts.append("white space ignored")
    return parts


def _size(found: Comparison | None) -> str:
    if found is None:
        return "comparing ..."
    shown = f", {len(found.blocks):,} shown" if found.total > len(found.blocks) else ""
    files = "1 file" if found.total == 1 else f"{found.total:,} files"
    return f"{files}{shown} +{found.added:,} -{found.removed:,}"
