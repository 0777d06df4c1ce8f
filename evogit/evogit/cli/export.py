"""``evogit export``: the whole phylogeny as a file for other tools."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from evogit.cli.individuals import note_unscored
from evogit.cli.options import OutputFile
from evogit.cli.output import OutputClosedError, counted
from evogit.cli.session import Session
from evogit.errors import PreconditionError, UserError
from evogit.files import replacing

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

Format = Literal["json", "csv", "graphml"]


def export(
    session: Session,
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help="json, csv or graphml.")],
    output: OutputFile = None,
) -> None:
    """Write the whole phylogeny for other tools.

    Every individual with its parents, score, and order and time of judging; json is one object per
    line. --json needs -o, and then tells what was written.

    Example: evogit export graphml -o evolution.graphml
    """
    if output is None and session.output.form != "text":
        raise UserError(
            "--json tells about the file that -o names, and there is none",
            hint="evogit export json prints one object per line by itself",
        )
    write, phylogeny = _writer(form), session.phylogeny
    note_unscored(session)
    if output is None:
        try:
            write(phylogeny, sys.stdout)
        except BrokenPipeError as error:
            raise OutputClosedError from error
        return
    path = Path(output)
    replace_file(path, lambda file: write(phylogeny, file))
    session.output.result(
        {
            "path": str(path),
            "individuals": len(phylogeny),
            "direction": phylogeny.direction,
        },
        lambda: session.output.note(f"{counted(len(phylogeny), 'individual')} in {path}"),
    )


def _writer(form: Format) -> Callable[[Phylogeny, TextIO], None]:
    from evogit.phylogeny.export import write_csv, write_graphml, write_json

    writers: dict[str, Callable[[Phylogeny, TextIO], None]] = {
        "json": write_json,
        "csv": write_csv,
        "graphml": write_graphml,
    }
    return writers[form]


def replace_file(path: Path, write: Callable[[TextIO], object]) -> None:
    """Write a file in one step: whoever reads it sees the old one or the whole new one.

    A link stays one, its target is written; a pipe or a device is written to as it is.
    """
    final = path.resolve()
    special = final.exists() and not final.is_file()
    try:
        with final.open("wb") if special else replacing(final) as binary:
            text = TextIOWrapper(binary, encoding="utf-8", newline="\n")
            write(text)
            text.detach()
    except OSError as error:
        raise PreconditionError(f"{path} can not be written: {error.strerror}") from error
