"""What the human points at, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evogit.errors import NotFoundError
from evogit.ids import BASE_BRANCH, CommitId
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

SHORT: Final = 7
"""How many digits of an id are shown where a person has to read them."""


def anywhere(app: EvoGitApp) -> bool:
    """Whether the human points at an individual."""
    return app.model.current is not None


def current(app: EvoGitApp) -> CommitId:
    """The individual the human points at.

    Raises:
        NotFoundError: there is none.
    """
    if app.model.current is None or app.model.cursor is None:
        raise NotFoundError("there is no individual under the cursor", hint="b goes to the best")
    return app.model.cursor


def label(app: EvoGitApp, commit: CommitId) -> str:
    """An individual in one clean line: id, names, score, subject."""
    row = app.model.row(commit)
    if row is None:
        return commit[:SHORT]
    score = app.model.phylogeny.score(row)
    parts = [
        commit[:SHORT],
        *names(app, row),
        "" if score is None else f"{score:.6g}",
        app.model.phylogeny.subject(row),
    ]
    return clean_line(" ".join(part for part in parts if part), 200)


def names(app: EvoGitApp, row: int) -> tuple[str, ...]:
    """Agents and tags that point at an individual."""
    return () if app.model.facts is None else app.model.facts.names.get(row, ())


def agents(app: EvoGitApp) -> list[str]:
    """Every agent that has a branch."""
    facts = app.model.facts
    return [] if facts is None else [name for name in facts.tips if name != BASE_BRANCH]


def agent(app: EvoGitApp) -> str:
    """The agent the human points at: whose tip it is, else who made it.

    Raises:
        NotFoundError: nobody's.
    """
    commit = current(app)
    row = app.model.phylogeny.index(commit)
    known, made = agents(app), app.model.phylogeny.agent(row)
    here = [name for name in names(app, row) if name in known]
    if made in known and (made in here or not here):
        return made
    if not here:
        raise NotFoundError(
            f"no agent is at {commit[:SHORT]}, and none made it", hint="point at an agent's tip"
        )
    return here[0]
