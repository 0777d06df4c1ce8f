"""Decisions about agents and the swarm as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evogit.cli.output import counted
from evogit_tui.actions import here
from evogit_tui.actions.individuals import said
from evogit_tui.dialogs.confirm import Confirm
from evogit_tui.dialogs.text import LineDialog, TextDialog

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

_MAX_AGENTS: Final = 10_000


def pause(app: EvoGitApp) -> None:
    """Pause the agent the human points at, or let it go on."""
    name, desk = here.agent(app), app.model.desk
    if desk.steering.mode(name) == "running":
        done = f"{name} waits after its current step (go on with x)"
        app.clerk.decide("pausing", lambda: desk.pause([name]), done)
    else:
        app.clerk.decide("resuming", lambda: desk.resume([name]), f"{name} goes on")


def stop(app: EvoGitApp) -> None:
    """Ask, then stop the agent the human points at."""
    name, desk = here.agent(app), app.model.desk

    def answered(yes: bool | None) -> None:
        if yes:
            app.clerk.decide("stopping", lambda: desk.stop([name]), f"{name} ends after its step")

    body = "It ends after its current step, on whatever host it runs. x lets it go on."
    app.push_screen(Confirm(f"Stop agent {name}?", body), answered)


def agents(app: EvoGitApp) -> None:
    """Ask how many agents each worker is to host."""
    desk, wanted = app.model.desk, app.model.desk.steering.wanted_agents()
    initial = str(wanted if wanted is not None else len(here.agents(app)))

    def wrong(text: str) -> str:
        fits = text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= _MAX_AGENTS
        return "" if fits else f"a whole number from 0 to {_MAX_AGENTS}"

    def answered(text: str | None) -> None:
        if text:
            done = f"each worker is to host {counted(int(text), 'agent')} (undo with z)"
            app.clerk.decide("setting agents", lambda: desk.agents(int(text)), done)

    hint = "for every worker of the swarm, on all hosts"
    dialog = LineDialog("How many agents shall each worker host?", initial, hint, wrong)
    app.push_screen(dialog, answered)


def goal(app: EvoGitApp) -> None:
    """Let the human edit the goal."""
    desk = app.model.desk
    old = app.model.session.swarm.spec().settings.goal.text

    def answered(text: str | None) -> None:
        if text is not None and text.strip() != old.strip():
            done = "the swarm has a new goal (undo with z)"
            app.clerk.decide("setting the goal", lambda: desk.goal(text), done)

    hint = "a new version of the spec; scores stay as they are"
    app.push_screen(TextDialog("The goal of the swarm", old, hint, said), answered)
