"""Show or change what the swarm is for."""

from __future__ import annotations

import os
import shlex
import tempfile
from functools import wraps
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from evogit.cli.common import Common, adapt, lists
from evogit.cli.decisions import report
from evogit.cli.individuals import short
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.cli.stamps import stamp
from evogit.errors import EvoGitError, UserError

app = typer.Typer(help=__doc__)

_MAX_TEXT: Final = 20_000
_COLUMNS: Final = (
    Column("spec", "commit", style="yellow", show=short),
    Column("when", "time", show=stamp),
    Column("by", "by", style="cyan"),
    Column("what", "subject", flexible=True),
    Column("goal", "goal", flexible=True),
)


@app.command("show")
def show(session: Session) -> None:
    """Print the goal.

    Example: evogit goal show
    """
    spec = session.spec
    text = spec.settings.goal.text
    session.output.result(
        {"spec": spec.commit, "goal": text}, lambda: session.output.line(text.rstrip("\n"))
    )


_show = adapt(show)


@app.callback(invoke_without_command=True)
@wraps(_show)
def _alone(context: typer.Context, **given: object) -> None:
    """Without a command the goal is shown; options before a command are that command's."""
    if context.invoked_subcommand is None:
        _show(context, **given)
        return
    root = context.find_root()
    root.obj = cast("Common", root.obj or Common()).overlaid(given)


@app.command("set")
def set_(
    session: Session,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The new goal; - reads it.")],
) -> None:
    """Give the swarm a new goal. Agents at work follow from their next step; scores stay as they are.

    Example: evogit goal set "Use fewer bins"
    """
    if text == "-":
        text = typer.get_text_stream("stdin").read(_MAX_TEXT + 1)
    _decide(session, text)


@app.command("edit")
def edit(session: Session) -> None:
    """Change the goal in $VISUAL or $EDITOR.

    Example: evogit goal edit
    """
    import sys

    if not sys.stdin.isatty():
        raise UserError("an editor needs a terminal", hint='use evogit goal set "TEXT"')
    old = session.spec.settings.goal.text
    new = _edited(session, old)
    if new.strip() == old.strip():
        session.output.note("the goal is the same; nothing was changed")
        return
    _decide(session, new)


@app.command("rubric")
def rubric(session: Session) -> None:
    """Let the evaluator's model write what to look at when it compares, once for this goal.

    Recorded in the spec; goal.rubric in evogit.toml says it in your own words. A new goal drops it.

    Example: evogit goal rubric
    """
    from evogit.cli import trusting
    from evogit.cli.run import make_plan
    from evogit.evolve.rubric import write_rubric

    trusting.require(session, session.swarm)
    lines = write_rubric(session.swarm, make_plan(session, session.swarm))
    old = session.swarm.spec().settings
    new = old.model_copy(update={"goal": old.goal.model_copy(update={"rubric": lines})})
    done = session.desk.settings(new, "a rubric for the goal")
    for line in lines if session.output.form == "text" else ():
        session.output.line(f"- {line}")
    report(session, done, "the goal has a rubric")


@app.command("history")
@lists
def history(session: Session) -> None:
    """List the versions of the spec, newest first, with their goals.

    Example: evogit goal history
    """
    from evogit.swarm.spec import read_spec, spec_versions

    git = session.swarm.git
    rows: list[dict[str, object]] = []
    for version in spec_versions(git):
        commit = git.commit(version)
        rows.append(
            {
                "commit": version,
                "time": commit.time,
                "by": commit.author,
                "subject": commit.message.split("\n", 1)[0].removeprefix("spec: "),
                "goal": read_spec(git, version).settings.goal.text,
            }
        )
    session.output.rows("versions", rows, _COLUMNS)


def _decide(session: Session, text: str) -> None:
    if len(text) > _MAX_TEXT:
        raise UserError(f"the goal is longer than {_MAX_TEXT} characters")
    if not text.strip():
        raise UserError("the goal is empty", hint="say what the swarm is for")
    report(session, session.desk.goal(text), "the swarm has a new goal")


def _edited(session: Session, text: str) -> str:
    import subprocess

    editor = session.environ.get("VISUAL") or session.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "goal.md")
        file.write_text(text, "utf-8")
        try:
            status = subprocess.run([*shlex.split(editor), os.fspath(file)], check=False).returncode  # noqa: S603
        except (OSError, ValueError) as error:
            raise EvoGitError(f"editor {editor!r} can not be started: {error}") from error
        if status != 0:
            raise EvoGitError(f"editor {editor!r} ended with {status}; nothing was changed")
        return file.read_text("utf-8", "replace")
