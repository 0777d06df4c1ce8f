"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evogit.cli.complete import complete_individual

Revision = Annotated[
    str,
    typer.Argument(
        metavar="REV",
        help="An individual: id, agent, tag, best, best:3, base, a3~2.",
        autocompletion=complete_individual,
    ),
]
Revisions = Annotated[
    list[str],
    typer.Argument(
        metavar="REV...",
        help="Individuals: ids, agents, tags, best, a3~2.",
        autocompletion=complete_individual,
    ),
]
MaybeRevision = Annotated[
    str | None,
    typer.Argument(
        metavar="REV",
        help="An individual: id, agent, tag, best, a3~2.",
        autocompletion=complete_individual,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
OutputFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write here instead of standard output."),
]
