"""Decisions about the individual the human points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evogit.errors import PreconditionError
from evogit.ids import BASE_BRANCH, is_name
from evogit.outcome import Quarantined
from evogit.steering.marking import pruned_above
from evogit_tui.actions import here
from evogit_tui.dialogs.confirm import Confirm
from evogit_tui.dialogs.text import LineDialog, TextDialog

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp


def restore(app: EvoGitApp) -> None:
    """Bring back the lineage that it was pruned with.

    Raises:
        PreconditionError: it is not pruned.
    """
    commit = here.current(app)
    model, desk = app.model, app.model.desk
    roots = pruned_above(model.phylogeny, [commit], desk.steering.pruned)
    done = f"restored {', '.join(here.label(app, root) for root in roots)} (undo with z)"
    app.clerk.decide("restoring", lambda: desk.restore(roots), done)


def pin(app: EvoGitApp) -> None:
    """Pin it, or take the pin away."""
    commit, desk = here.current(app), app.model.desk
    label = here.label(app, commit)
    if commit in desk.steering.pinned:
        app.clerk.decide("unpinning", lambda: desk.unpin([commit]), f"unpinned {label}")
    else:
        app.clerk.decide("pinning", lambda: desk.pin([commit]), f"pinned {label}")


def tag(app: EvoGitApp) -> None:
    """Ask for a name and tag it."""
    commit, desk = here.current(app), app.model.desk
    facts = app.model.facts
    mine = [] if facts is None else [n for n, row in facts.tags.items() if row == app.model.current]
    hint = f"its tags: {', '.join(mine)}; -NAME takes one away" if mine else ""

    def answered(name: str | None) -> None:
        if name and name.startswith("-"):
            app.clerk.decide("untagging", lambda: desk.untag(name[1:]), f"tag {name[1:]} is gone")
        elif name:
            app.clerk.decide("tagging", lambda: desk.tag(commit, name), f"tagged {name}")

    app.push_screen(LineDialog(f"Name {here.label(app, commit)}", hint=hint), answered)


def seed(app: EvoGitApp) -> None:
    """Ask for an agent and let it go on from here."""
    commit, desk = here.current(app), app.model.desk
    known = here.agents(app)

    def wrong(name: str) -> str:
        if not is_name(name) or name == BASE_BRANCH:
            return "use 1 to 40 lower-case letters, digits and inner hyphens, but not main"
        return ""

    def answered(name: str | None) -> None:
        if name:
            done = f"{name} goes on from {commit[: here.SHORT]} (undo with z)"
            app.clerk.decide("seeding", lambda: desk.seed(name, commit), done)

    hint = f"agents: {', '.join(known[:20])}; or a new name. Its branch moves here."
    title = f"Which agent goes on from {here.label(app, commit)}?"
    app.push_screen(LineDialog(title, hint=hint, check=wrong), answered)


def feedback(app: EvoGitApp) -> None:
    """Ask for words and send them to the lineage."""
    commit, desk = here.current(app), app.model.desk

    def answered(text: str | None) -> None:
        if text:
            done = "the next prompt of its lineage will say so (undo with z)"
            app.clerk.decide("sending feedback", lambda: desk.feedback([commit], text), done)

    title = f"Tell the lineage of {here.label(app, commit)}"
    hint = "what to try or to avoid; goes into the next prompt, once"
    app.push_screen(TextDialog(title, hint=hint, check=said), answered)


def said(text: str) -> str:
    """What is wrong with a text that has to say something."""
    return "" if text else "there is nothing in it"


def release(app: EvoGitApp) -> None:
    """Show why it is held, ask, let it go.

    Raises:
        PreconditionError: it is not quarantined.
    """
    commit, model = here.current(app), app.model
    row = model.phylogeny.index(commit)
    outcome = model.phylogeny.outcome(row)
    if not isinstance(outcome, Quarantined):
        raise PreconditionError(f"{here.label(app, commit)} is not quarantined")
    found = model.phylogeny.evaluation(
        model.phylogeny.tree(row), model.session.swarm.spec().settings.evaluate.seed
    )
    evidence = (
        [] if found is None else [f"{f.rule} {f.where}: {f.evidence}" for f in found.findings]
    )
    held = outcome.held
    lines = [
        f"It is held because: {outcome.reason}",
        *evidence,
        "",
        "It gets what was measured: " + ("nothing" if held is None else f"{held.score:.6g}"),
        "Look at its diff first (4).",
    ]

    def answered(yes: bool | None) -> None:
        if yes:
            desk, done = model.desk, f"released {commit[: here.SHORT]} (undo with z)"
            app.clerk.decide("releasing", lambda: desk.release([commit]), done)

    title = f"Release {here.label(app, commit)}?"
    app.push_screen(Confirm(title, "\n".join(lines), danger=True), answered)
