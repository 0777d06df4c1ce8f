"""Consent to the swarm's commands, asked for before the first one runs from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evogit.cli import trusting
from evogit_tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

Shown = tuple[list[str], str]
"""The commands, and the digest that stands for exactly them."""


def if_trusted(
    app: EvoGitApp, then: Callable[[], None], refused: Callable[[], None] = lambda: None
) -> None:
    """Go on with ``then`` if the commands are trusted, now or after the human agreed to them."""

    def shown(found: Shown | None) -> None:
        if found is None:
            then()
        else:
            _ask(app, found, then, refused)

    app.clerk.beside("looking at the commands", lambda: _untrusted(app), shown)


def _untrusted(app: EvoGitApp) -> Shown | None:
    session = app.model.session
    if trusting.is_trusted(session, session.swarm):
        return None
    return trusting.question(session.swarm.spec().settings), trusting.content_digest(session.swarm)


def _ask(
    app: EvoGitApp, found: Shown, then: Callable[[], None], refused: Callable[[], None]
) -> None:
    lines, digest = found
    session = app.model.session
    body = "\n".join(
        [
            *lines,
            "",
            "The answer holds until a command or a file of the evaluator changes.",
        ]
    )

    def answered(yes: bool | None) -> None:
        if yes:
            store, path = trusting.store(session), session.swarm.path
            app.clerk.beside("remembering", lambda: store.trust(path, digest), lambda _: then())
        else:
            refused()

    app.push_screen(Confirm("Trust exactly these commands?", body, danger=True), answered)
