"""Taking decisions back and bringing them back; what is undone is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evogit.cli.stamps import stamp
from evogit.errors import NotFoundError
from evogit.ids import CommitId, several
from evogit.records import Decision
from evogit.steering.history import Operation
from evogit.steering.state import USER, effect
from evogit.text import clean, clean_line
from evogit_tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


def words(decision: Decision) -> str:
    """A decision in one clean line."""
    parts = (decision.verb, decision.target, several(decision.selects), decision.text)
    return clean_line(" ".join(part for part in parts if part), 160)


def undo(app: EvoGitApp, entry: CommitId | None = None) -> None:
    """Ask, then undo a decision; by default this person's last one that holds."""
    _ask(app, "undo", entry)


def redo(app: EvoGitApp, entry: CommitId | None = None) -> None:
    """Ask, then bring a decision back; by default what this person undid last."""
    _ask(app, "redo", entry)


def toggle(app: EvoGitApp, operation: Operation) -> None:
    """Ask, then undo an operation that holds, or bring back one that does not."""
    _ask(app, "undo" if operation.holds else "redo", operation.entry)


def _ask(app: EvoGitApp, verb: str, entry: CommitId | None) -> None:
    desk = app.model.desk
    found = entry or (desk.last_holding() if verb == "undo" else desk.last_undone())
    known = dict(app.model.phylogeny.decisions)
    if found is None or found not in known:
        raise NotFoundError(f"there is nothing left to {verb}", hint="6 shows the operations")
    said = effect(known, found)
    about = known[said[0]] if said is not None else known[found]
    outside = any(move.ref.startswith(USER) for move in about.moves)

    def answered(yes: bool | None) -> None:
        if yes:
            work = (lambda: desk.undo(found)) if verb == "undo" else (lambda: desk.redo(found))
            back = "redo with Z" if verb == "undo" else "undo with z"
            app.clerk.decide(
                f"{verb} {about.verb}", work, f"{_DONE[verb]}: {words(about)} ({back})"
            )

    app.push_screen(Confirm(_TITLES[verb], _body(about, outside=outside), danger=outside), answered)


_TITLES = {"undo": "Undo this decision?", "redo": "Bring this decision back?"}
_DONE = {"undo": "undone", "redo": "redone"}


def _body(about: Decision, *, outside: bool) -> str:
    lines = [words(about), f"by {clean_line(about.by)}, {stamp(about.time)}"]
    for move in about.moves:
        old, new = (commit[:12] if commit else "nothing" for commit in (move.old, move.new))
        lines.append(f"{clean(move.ref.removeprefix(USER), 200)}: {old} -> {new}")
    if outside:
        lines += ["", "This moves a branch of your repository."]
    return "\n".join(lines)
