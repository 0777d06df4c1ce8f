"""List what people decided, for evogit undo and redo."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Final

import typer

from evogit.cli.common import lists
from evogit.cli.decisions import described, report
from evogit.cli.individuals import short
from evogit.cli.output import Column
from evogit.cli.select import select_operation
from evogit.cli.session import Session
from evogit.cli.stamps import stamp
from evogit.ids import CommitId
from evogit.steering.history import about

app = typer.Typer(help=__doc__)

_COLUMNS: Final = (
    Column("operation", "operation", style="yellow", show=short),
    Column("when", "time", show=stamp),
    Column("by", "by", style="cyan"),
    Column("verb", "verb", style="bold"),
    Column("about", "about", flexible=True),
    Column("", "state", style="red"),
)
_Operation = Annotated[
    str | None, typer.Argument(metavar="OP", help="An operation: id, @-, @--; default: the last.")
]


@app.command("log")
@lists
def log(
    session: Session,
    number: Annotated[int, typer.Option("-n", min=0, help="At most this many; 0 for all.")] = 30,
) -> None:
    """List decisions of all people, newest first.

    Example: evogit op log -n 5
    """
    rows: list[dict[str, object]] = []
    for operation in islice(session.desk.operations(), number or None):
        decision = operation.decision
        rows.append(
            {
                "operation": operation.entry,
                "time": decision.time,
                "by": decision.by,
                "verb": decision.verb,
                "selects": list(decision.selects),
                "target": decision.target,
                "text": decision.text,
                "undoes": decision.undoes,
                "holds": operation.holds,
                "about": about(decision),
                "state": "" if operation.holds else "undone",
            }
        )
    session.output.rows("operations", rows, _COLUMNS)


def undo(session: Session, operation: _Operation = None) -> None:
    """Take back a decision, by default your last one.

    Example: evogit undo @-
    """
    named = _chosen(session, operation) or session.desk.last_holding()
    entry = session.desk.undo(named)
    text = f"undone: {described(session, named)}"
    report(session, entry, text, back="evogit redo brings it back")


def redo(session: Session, operation: _Operation = None) -> None:
    """Bring back what was undone, by default what you undid last.

    Example: evogit redo
    """
    named = _chosen(session, operation) or session.desk.last_undone()
    entry = session.desk.redo(named)
    report(session, entry, f"redone: {described(session, named)}")


def _chosen(session: Session, text: str | None) -> CommitId | None:
    if text is None:
        return None
    return select_operation([found.entry for found in session.desk.operations()], text)
