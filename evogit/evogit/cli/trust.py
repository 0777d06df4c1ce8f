"""``evogit trust``: agree to the commands of a swarm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evogit.cli import trusting
from evogit.cli.options import DryRun, Yes
from evogit.cli.session import Session
from evogit.config.trust import commands


def trust(
    session: Session,
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A folder with a swarm; default: here.")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take consent back.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Agree to the commands that the swarm would run.

    They are shown first. Consent is for this machine, and ends when a command or a file of the
    evaluator changes.

    Example: evogit trust --dry-run
    """
    if path is not None:
        session = Session(session.output, path.resolve(), session.environ)
    trusting.follow_config(session)
    swarm, store, output = session.swarm, trusting.store(session), session.output
    digest = trusting.content_digest(swarm)
    if dry_run and output.form == "text":
        for line in commands(session.spec.settings):
            output.line(line, raw=True)  # printable as they are, and never cut
    elif revoke and not dry_run:
        store.revoke(swarm.path)
    elif not dry_run and not store.is_trusted(swarm.path, digest):
        trusting.agree(session, swarm, yes=yes)
    trusted = store.is_trusted(swarm.path, digest)
    data = {
        "swarm": str(swarm.path),
        "commands": commands(session.spec.settings),
        "digest": digest,
        "trusted": trusted,
    }
    output.result(data, lambda: None)
    output.note(f"{swarm.path} is {'trusted' if trusted else 'not trusted'}")
