"""Taking lineages out of the population; what a human cares for is not lost by one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evogit.cli.output import counted
from evogit.cli.steer import with_descendants
from evogit.ids import CommitId
from evogit.text import clean_line
from evogit_tui.actions import here
from evogit_tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_SHOWN: Final = 8


def prune(app: EvoGitApp) -> None:
    """Count what would go, ask, prune."""
    commit = here.current(app)
    phylogeny = app.model.phylogeny
    app.clerk.beside(
        "counting",
        lambda: with_descendants(phylogeny, [commit]),
        lambda rows: _ask(app, commit, rows),
    )


def _ask(app: EvoGitApp, commit: CommitId, rows: list[int]) -> None:
    dear = _dear(app, set(rows))
    number = counted(len(rows), "individual")
    lines = [
        f"{number} will leave the population; all commits stay, and u or z brings them back.",
        "Agents among them restart from the best individual that is left.",
        *([f"Among them: {', '.join(dear)}."] if dear else []),
        "",
        *(here.label(app, app.model.phylogeny.commit(row)) for row in rows[:_SHOWN]),
    ]
    if len(rows) > _SHOWN:
        lines.append(f"and {len(rows) - _SHOWN} more")

    def answered(yes: bool | None) -> None:
        if yes:
            desk = app.model.desk
            done = f"pruned {number} (restore with u, undo with z)"
            app.clerk.decide("pruning", lambda: desk.prune([commit]), done)

    name = _name(app, commit) if dear else ""
    title = f"Prune {here.label(app, commit)}?"
    app.push_screen(Confirm(title, "\n".join(lines), bool(dear), name), answered)


def _dear(app: EvoGitApp, rows: set[int]) -> list[str]:
    facts = app.model.facts
    if facts is None:
        return []
    found = ["the best individual"] if facts.best in rows else []
    for what, dear in (("promoted", facts.promoted), ("pinned", facts.pinned)):
        named = sorted(here.label(app, app.model.phylogeny.commit(row)) for row in dear & rows)
        found += [f"{what} {clean_line(label, 60)}" for label in named[:3]]
    return found


def _name(app: EvoGitApp, commit: CommitId) -> str:
    known = here.names(app, app.model.phylogeny.index(commit))
    return known[0] if known else commit[: here.SHORT]
