"""``evogit report``: one HTML page to look at in the morning, or to send to somebody."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.export import replace_file
from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.report.facts import Run


def report(
    session: Session,
    run: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="A folder with a swarm; default: here.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page to write.")
    ] = Path("report.html"),
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="RUN", help="Another run to compare with; repeatable."),
    ] = None,
) -> None:
    """Write one HTML page about a run: phylogeny, curves, lineage of the best, changes.

    The page loads nothing from anywhere and may be opened from disk.

    Example: evogit report online-bin-packing --against best-of-n -o report.html
    """
    from evogit.report.facts import gather
    from evogit.report.page import render

    ours = _run(session, run)
    found = gather(ours, [_run(session, other) for other in against or []])
    page, path = render(found, ours.phylogeny), session.cwd / output
    replace_file(path, lambda file: file.write(page))
    session.output.result(
        {"path": str(path), "bytes": len(page.encode()), "individuals": found.individuals},
        lambda: session.output.note(f"{path} ({found.individuals:,} individuals)"),
    )


def _run(session: Session, folder: Path | None) -> Run:
    from evogit.report.facts import Run

    if folder is not None:
        session = Session(session.output, (session.cwd / folder).resolve(), session.environ)
    return Run(session.cwd.name, session.swarm.git, session.phylogeny, session.spec.settings)
