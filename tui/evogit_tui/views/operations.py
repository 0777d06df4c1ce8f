"""The operations view: what people decided, newest first, and what each decision changed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import Static

from evogit.cli.stamps import stamp
from evogit.config.load import dump
from evogit.errors import EvoGitError
from evogit.git.repository import GitRepository
from evogit.ids import SPEC_REF, CommitId, several
from evogit.records import Decision, Move
from evogit.steering.history import Operation
from evogit.steering.state import USER
from evogit.swarm.spec import read_spec
from evogit.text import clean, clean_line
from evogit_tui.actions.undoing import toggle
from evogit_tui.exchange import ago
from evogit_tui.model import Facts
from evogit_tui.views.listing import Caption, Listing
from evogit_tui.widgets.columns import Cell, Column
from evogit_tui.widgets.table import Table

_WIDE: Final = 130
_MAX_LINES: Final = 400
_COLUMNS: Final = (
    Column("op", 5, right=True, yields=2),
    Column("when", 16, yields=3),
    Column("ago", 5, right=True, yields=1),
    Column("who", 10),
    Column("what", 9),
    Column("state", 8),
    Column("about", 20, flexible=True),
)


class Listed(Message):
    """A thread put the operations together."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__()
        self.operations = operations


class Described(Message):
    """A thread looked at what a decision changed."""

    def __init__(self, entry: CommitId, lines: Sequence[str]) -> None:
        super().__init__()
        self.entry = entry
        self.lines = lines


class OperationsView(Listing):
    """Decisions of all people; enter takes one back or brings it back, asking first."""

    DEFAULT_CSS = """
    OperationsView { layout: vertical; }
    OperationsView #operations-body { layout: vertical; height: 1fr; }
    OperationsView Table { height: 3fr; }
    OperationsView #operations-detail { height: 2fr; padding: 0 1; border-top: solid $panel; background: $background; scrollbar-size-vertical: 1; }
    OperationsView.-ascii #operations-detail { border-top: ascii $panel; }
    OperationsView.-wide #operations-body { layout: horizontal; }
    OperationsView.-wide Table { height: 1fr; width: 3fr; }
    OperationsView.-wide #operations-detail { height: 1fr; width: 2fr; border-top: none; border-left: solid $panel; }
    OperationsView.-wide.-ascii #operations-detail { border-top: none; border-left: ascii $panel; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own name for it
        super().__init__(id=id)
        self._numbers: dict[CommitId, int] = {}
        self._version = 0
        self._table: Table[Operation] = Table(
            _COLUMNS,
            lambda operation: operation.entry,
            self._cells,
            empty="nobody decided anything yet: P promotes, d prunes, f says something",
        )

    def compose(self) -> ComposeResult:
        """The decisions, and what the one under the cursor changed."""
        with Container(id="operations-body"):
            yield self._table
            with VerticalScroll(id="operations-detail", can_focus=False):
                yield Static("", markup=False)
        yield Caption()

    def on_resize(self, event: Resize) -> None:
        """Put the detail beside the list when there is room."""
        self.set_class(self.evogit.options.ascii, "-ascii")
        self.set_class(event.size.width >= _WIDE, "-wide")

    @property
    def table(self) -> Table[Operation]:
        """The decisions."""
        return self._table

    # ------------------------------------------------------------------ content

    def show(self, facts: Facts) -> None:
        """Draw what is new."""
        if facts.version != self._version:
            self._version = facts.version
            self._list()

    def survey(self) -> None:
        """Time went by."""
        self._table.refresh()

    @work(thread=True, exclusive=True, group="operations", exit_on_error=False)
    def _list(self) -> None:
        try:
            self.post_message(Listed(self.model.desk.operations()))
        except EvoGitError as error:
            self.evogit.report_trouble(error)

    def on_listed(self, message: Listed) -> None:
        """Draw them."""
        found = message.operations
        self._numbers = {one.entry: len(found) - i for i, one in enumerate(found)}
        self._table.fill(found)
        undone = sum(not one.holds for one in found)
        self.query_one(Caption).say(
            f"{len(found)} decisions, {undone} undone",
            "enter: undo or redo this one",
            "z undo your last",
            "Z redo",
        )
        self._describe_current()

    def on_table_moved(self, _: Table.Moved) -> None:
        """Describe the decision; all views are about its individual now."""
        self._describe_current()
        operation = self._table.current
        if operation is not None and operation.decision.selects:
            commit = operation.decision.selects[0]
            if commit in self.model.phylogeny:
                self.evogit.point_at(commit)

    def open(self) -> None:
        """Undo or redo the decision under the cursor; asks first."""
        if self._table.current is not None:
            toggle(self.evogit, self._table.current)

    # ------------------------------------------------------------------ detail

    def _describe_current(self) -> None:
        if self._table.current is not None:
            self._describe(self._table.current)

    @work(thread=True, exclusive=True, group="operation", exit_on_error=False)
    def _describe(self, operation: Operation) -> None:
        lines = describe(self.model.session.swarm.git, operation)
        self.post_message(Described(operation.entry, lines))

    def on_described(self, message: Described) -> None:
        """Show it, if the cursor is still there."""
        here = self._table.current
        if here is not None and here.entry == message.entry:
            text = Text("\n".join(message.lines))
            self.query_one("#operations-detail Static", Static).update(text)

    # ------------------------------------------------------------------ drawing

    def _cells(self, operation: Operation) -> Sequence[Cell]:
        decision, plain = operation.decision, self.evogit.options.ascii
        hold, gone = "@x" if plain else "●✗"
        return (
            Cell(str(self._numbers.get(operation.entry, "")), "dim"),
            Cell(stamp(decision.time)),
            Cell(ago(self.model.session.clock() - decision.time)),
            Cell(decision.by, "strong"),
            Cell(decision.verb, "accent"),
            Cell(f"{hold} holds", "success") if operation.holds else Cell(f"{gone} undone", "dim"),
            Cell(about(decision)),
        )


def about(decision: Decision) -> str:
    """What a decision is about, in one line."""
    undone = f"of {decision.undoes[:7]}" if decision.undoes else ""
    parts = (undone, several(decision.selects), decision.target, clean_line(decision.text, 200))
    return " ".join(part for part in parts if part)


def describe(git: GitRepository, operation: Operation) -> list[str]:
    """A decision in full, clean: who, what it moved, its text, for a new spec what changed in it."""
    decision = operation.decision
    lines = [
        f"{decision.verb} by {clean_line(decision.by)}, {stamp(decision.time)}",
        f"operation {operation.entry[:12]}, {'holds' if operation.holds else 'undone'}",
    ]
    lines += [f"about {commit[:12]}" for commit in decision.selects[:20]]
    if decision.target:
        lines.append(f"target {clean_line(decision.target)}")
    for move in decision.moves:
        old, new = (commit[:12] if commit else "nothing" for commit in (move.old, move.new))
        lines.append(f"{clean_line(move.ref.removeprefix(USER))}: {old} -> {new}")
    changes = [line for move in decision.moves for line in spec_changes(git, move)]
    said = clean(decision.text, 20_000).split("\n") if decision.text and not changes else []
    return [*lines, *(["", *said] if said else []), *(["", *changes] if changes else [])]


def spec_changes(git: GitRepository, move: Move) -> list[str]:
    """What a new version of the spec says differently, as a unified diff; empty for other refs."""
    if move.ref != SPEC_REF or move.old is None or move.new is None:
        return []
    try:
        old, new = (
            clean(dump(read_spec(git, commit).settings)).split("\n")
            for commit in (move.old, move.new)
        )
    except EvoGitError as error:
        return [clean_line(f"the versions can not be compared: {error.message}")]
    return list(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))[:_MAX_LINES]
