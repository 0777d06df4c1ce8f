"""``evogit sync`` and ``evogit clone``: exchange a swarm with other hosts."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from evogit.cli.session import Session


def sync(
    session: Session,
    *,
    remote: Annotated[str, typer.Option("--remote", help="Git URL; remembered.")] = "",
) -> None:
    """Push what is ours and fetch what is everyone else's.

    Exit status 0 if all that is ours was published, 1 if a ref of it was refused.

    Example: `evogit sync --remote ssh://git@example.org/swarm.git`
    """
    from evogit.sync.remote import remote_url, set_remote
    from evogit.sync.remote import sync as exchange

    if remote:
        set_remote(session.swarm, remote)
    done = exchange(session.swarm)
    data = {"pushed": done.pushed, "fetched": done.fetched, "problems": list(done.problems)}
    data["news"] = list(done.news)
    for line in (*done.news, *done.problems):
        session.output.warn(line)
    session.output.result(
        data,
        lambda: session.output.line(
            f"pushed {done.pushed} and fetched {done.fetched} refs, {remote_url(session.swarm)}"
        ),
    )
    if done.refused:
        raise typer.Exit(1)


def clone(
    session: Session,
    url: Annotated[str, typer.Argument(help="Git URL of a swarm's remote.")],
    folder: Annotated[
        Path | None, typer.Argument(help="New folder.", show_default="evogit-swarm")
    ] = None,
) -> None:
    """Join a swarm from its remote; then run workers there.

    Example: `evogit clone ssh://git@example.org/swarm.git && cd evogit-swarm && evogit trust`
    """
    from evogit.sync.clone import clone_swarm

    target = session.cwd / (folder or Path("evogit-swarm"))
    swarm = clone_swarm(url, target, hostname=socket.gethostname())
    session.output.result(
        {"swarm": str(swarm.path), "host": swarm.host},
        lambda: session.output.line(f"cloned into {target} as {swarm.host}"),
    )
    session.output.note("next: cd there, `evogit trust`, then `evogit run` or `evogit worker`")
