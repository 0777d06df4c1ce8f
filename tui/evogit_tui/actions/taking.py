"""Taking things out of the terminal: to the clipboard, an editor, a folder, a file."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.app import SuspendNotSupported

from evogit.errors import EvoGitError, PreconditionError
from evogit.git.patch import changes
from evogit.ids import CommitId, TreeId
from evogit.text import clean_line
from evogit_tui import exporting, scratch
from evogit_tui.actions.here import current
from evogit_tui.dialogs.menu import Choice, Menu
from evogit_tui.dialogs.text import LineDialog
from evogit_tui.dialogs.viewer import Viewer
from evogit_tui.exporting import FORMS, Form
from evogit_tui.widgets.details import Details
from evogit_tui.widgets.details_reading import read_about

if TYPE_CHECKING:
    from evogit_tui.app import EvoGitApp

SHORT: Final = 12
MAX_COPIED: Final = 64 * 1024
"""Characters; terminals take in no more than about 75,000 bytes, and drop what is longer."""
_FORMS: Final[dict[str, Form]] = {form: form for form in FORMS}
_LABELS: Final[dict[Form, str]] = {
    "svg": "SVG picture",
    "png": "PNG picture (needs cairosvg or chromium)",
    "html": "HTML page",
    "text": "plain text",
}


def first_parent(app: EvoGitApp, commit: CommitId) -> TreeId | None:
    """The tree an individual was made from, if it has a parent."""
    phylogeny = app.model.phylogeny
    parents = phylogeny.parents(phylogeny.index(commit))
    return phylogeny.tree(parents[0]) if parents else None


# -------------------------------------------------------------------------- clipboard


def copy_id(app: EvoGitApp) -> None:
    """Copy the id under the cursor."""
    _copied(app, current(app), "the id")


def copy_menu(app: EvoGitApp) -> None:
    """Ask what to copy."""
    commit = current(app)
    row = app.model.phylogeny.index(commit)
    score = app.model.phylogeny.score(row)
    choices = [
        Choice("id", "id", "i", commit),
        Choice("short", "short id", "s", commit[:SHORT]),
        Choice("subject", "subject", "u", app.model.phylogeny.subject(row)),
        Choice("diff", "diff", "d", "against its first parent"),
        *([Choice("score", "score", "c", repr(score))] if score is not None else []),
        Choice("command", "command", "g", f"git show {commit[:SHORT]}"),
    ]
    texts = {
        "id": commit,
        "short": commit[:SHORT],
        "subject": app.model.phylogeny.subject(row),
        "score": repr(score),
        "command": git_show(app.model.session.swarm.git.path, commit),
    }

    def copy(name: str | None) -> None:
        if name == "diff":
            app.clerk.beside(
                "comparing", lambda: _patch(app, commit), lambda text: _copied(app, text, "diff")
            )
        elif name is not None:
            _copied(app, texts[name], name)

    app.push_screen(Menu("Copy", choices), copy)


def git_show(path: Path, commit: CommitId) -> str:
    """A command that shows an individual with git alone."""
    return f"git --git-dir={shlex.quote(str(path))} show {commit}"


def _patch(app: EvoGitApp, commit: CommitId) -> str:
    old = first_parent(app, commit)
    if old is None:
        raise PreconditionError("the base has no parent to compare with")
    new = app.model.phylogeny.tree(app.model.phylogeny.index(commit))
    return "".join(change.patch for change in changes(app.model.session.swarm.git, old, new))


def _copied(app: EvoGitApp, text: str, what: str) -> None:
    if len(text) > MAX_COPIED:
        app.show_error(
            PreconditionError(
                f"{len(text):,} characters are too many for a terminal's clipboard",
                hint="evogit diff prints it",
            )
        )
        return
    app.copy_to_clipboard(text)
    app.notify(f"copied {what}, if the terminal allows it", timeout=3, markup=False)


# -------------------------------------------------------------------------- files


def check_out(app: EvoGitApp) -> None:
    """Put the individual's files into a folder of their own and say where."""
    commit, session = current(app), app.model.session
    app.clerk.beside(
        "checking out",
        lambda: scratch.check_out(session.swarm.git, commit, session.cache_home),
        lambda path: _checked_out(app, commit, path),
    )


def _checked_out(app: EvoGitApp, commit: CommitId, path: Path) -> None:
    text = f"{commit[:SHORT]} is in\n{path}\nNobody vouches for what these programs do."
    app.notify(text, title="checked out", timeout=20, markup=False)


def edit(app: EvoGitApp) -> None:
    """Open read-only copies of the files that the individual changed in the user's editor."""
    commit, session = current(app), app.model.session
    old = first_parent(app, commit)
    app.clerk.beside(
        "copying",
        lambda: scratch.copies(session.swarm.git, commit, old, session.cache_home),
        lambda paths: run_editor(app, paths),
    )


def run_editor(app: EvoGitApp, paths: list[Path]) -> None:
    """Give the terminal to the user's editor until it ends; what goes wrong is shown."""
    environ = app.model.session.environ
    editor = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        command = [*shlex.split(editor), *map(str, paths)]
        with app.suspend():
            subprocess.run(command, check=False)  # noqa: S603  # the user's own choice
    except SuspendNotSupported:
        shown = " ".join(shlex.quote(str(path)) for path in paths)
        app.show_error(EvoGitError("this terminal can not be lent", hint=f"open {shown}"))
    except (OSError, ValueError) as error:
        app.show_error(EvoGitError(f"editor {editor!r} can not be started: {error}"))


def export(app: EvoGitApp) -> None:
    """Ask for a form and a file, and draw the screen into it."""
    choices = [Choice(form, _LABELS[form], form[0]) for form in FORMS]

    def chosen(name: str | None) -> None:
        if name is not None:
            _ask_file(app, _FORMS[name])

    app.push_screen(Menu("Export this view as", choices), chosen)


def _ask_file(app: EvoGitApp, form: Form) -> None:
    folder = app.model.session.cwd
    ending = "txt" if form == "text" else form

    def check(text: str) -> str:
        if not text:
            return "name a file"
        return "this file is there already" if (folder / text).exists() else ""

    def named(text: str | None) -> None:
        if text is not None:
            app.call_after_refresh(_export, app, form, folder / text)

    title = f"Export as {form} to"
    app.push_screen(
        LineDialog(title, f"evogit-{app.view_name}.{ending}", str(folder), check), named
    )


def _export(app: EvoGitApp, form: Form, path: Path) -> None:
    console = exporting.record(app)
    app.clerk.beside(
        "drawing",
        lambda: exporting.write(path, exporting.render(console, form, "evogit")),
        lambda _: app.notify(f"{path}", title="exported", timeout=6, markup=False),
    )


# -------------------------------------------------------------------------- artefacts


def view_artefact(app: EvoGitApp) -> None:
    """Show the message or an artefact of the individual's attempt in full; ask which."""
    commit, facts = current(app), app.model.facts
    if facts is not None:
        app.clerk.beside(
            "reading",
            lambda: _texts(app, commit),
            lambda texts: _ask_text(app, commit, texts),
        )


def _texts(app: EvoGitApp, commit: CommitId) -> dict[str, str]:
    facts = app.model.facts
    assert facts is not None  # noqa: S101 - asked for with facts only
    about = read_about(app.model, facts, commit)
    found = {"message": app.model.session.swarm.git.commit(commit).message}
    found |= {name: data.decode("utf-8", "replace") for name, data in about.artefacts.items()}
    return found


def _ask_text(app: EvoGitApp, commit: CommitId, texts: dict[str, str]) -> None:
    def show(name: str | None) -> None:
        if name is not None:
            app.push_screen(Viewer(f"{name} of {commit[:SHORT]}", texts[name]))

    choices = [
        Choice(name, clean_line(name, 40), str(place), f"{len(text):,} characters")
        for place, (name, text) in enumerate(texts.items(), 1)
    ]
    if len(choices) == 1:
        show(choices[0].name)
    else:
        app.push_screen(Menu(f"Show of {commit[:SHORT]}", choices), show)


def fold_menu(app: EvoGitApp) -> None:
    """Ask which section of the details to fold or unfold."""
    details = app.query_one(Details)
    sections = details.sections
    if sections:
        choices = [
            Choice(name, "unfold" if folded else "fold", str(place), name)
            for place, (name, folded) in enumerate(sections, 1)
        ]
        app.push_screen(Menu("Sections of the details", choices), _fold(details))


def _fold(details: Details) -> Callable[[str | None], None]:
    return lambda name: None if name is None else details.fold(name)
