"""``evogit sync`` and ``evogit clone``: exchange a swarm with other hosts."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Final

import typer

from evogit.cli.decisions import described
from evogit.cli.session import Session
from evogit.errors import EvoGitError, UserError
from evogit.ids import CommitId
from evogit.records import Decision
from evogit.text import clean_line

_SHOWN: Final = 10
_Timeout = Annotated[
    str,
    typer.Option("--timeout", help="What one call of git may take: 90s, 10m, 8h; remembered."),
]


def sync(
    session: Session,
    *,
    remote: Annotated[
        str, typer.Option("--remote", help="Git URL; remembered once it was not refused.")
    ] = "",
    timeout: _Timeout = "",
) -> None:
    """Push what is ours and fetch what is everyone else's.

    Exit status 0 if all that is ours was published, 1 if a ref of it was refused. A call of git
    that takes longer than the timeout (5m unless you say otherwise) is given up; what was fetched
    or pushed by then stays so. What others decided since is listed (the last ten).

    Example: `evogit sync --remote ssh://git@example.org/swarm.git`
    """
    from evogit.sync.exchange import sync as exchange
    from evogit.sync.remote import remote_url, set_sync_timeout

    if (seconds := _seconds(timeout)) is not None:
        set_sync_timeout(session.swarm, seconds)
    known = _decisions(session)
    done = exchange(session.swarm, url=remote)
    heard = [] if known is None else _heard(session, known)
    data = {"pushed": done.pushed, "fetched": done.fetched, "problems": list(done.problems)}
    data |= {"news": list(done.news), "decisions": [entry for entry, _ in heard]}
    for line in (*done.news, *done.problems):
        session.output.warn(line)
    where = remote or remote_url(session.swarm)
    session.output.result(
        data,
        lambda: session.output.line(
            f"pushed {done.pushed} and fetched {done.fetched} refs, {clean_line(where)}"
        ),
    )
    for entry, decision in heard[-_SHOWN:]:
        answer = f"{decision.verb} of " if decision.undoes else ""
        session.output.note(f"decided elsewhere: {answer}{described(session, entry)}")
    if done.refused:
        raise typer.Exit(1)


def _decisions(session: Session) -> set[CommitId] | None:
    """What is known so far; ``None`` if our own spec can not be read, which an exchange may mend."""
    try:
        return set(dict(session.phylogeny.decisions))
    except EvoGitError:
        return None


def _heard(session: Session, known: set[CommitId]) -> list[tuple[CommitId, Decision]]:
    session.phylogeny.refresh()
    return [item for item in session.phylogeny.decisions if item[0] not in known]


def clone(
    session: Session,
    url: Annotated[str, typer.Argument(help="Git URL of a swarm's remote.")],
    folder: Annotated[
        Path | None, typer.Argument(help="New folder.", show_default="evogit-swarm")
    ] = None,
    *,
    timeout: _Timeout = "",
) -> None:
    """Join a swarm from its remote; then run workers there.

    Example: `evogit clone ssh://git@example.org/swarm.git && cd evogit-swarm && evogit trust`
    """
    from evogit.sync.clone import clone_swarm

    target = session.cwd / (folder or Path("evogit-swarm"))
    swarm = clone_swarm(url, target, hostname=socket.gethostname(), timeout=_seconds(timeout))
    session.output.result(
        {"swarm": str(swarm.path), "host": swarm.host},
        lambda: session.output.line(f"cloned into {target} as {swarm.host}"),
    )
    session.output.note("next: cd there, `evogit trust`, then `evogit run` or `evogit worker`")


def _seconds(text: str) -> float | None:
    from evogit.config.values import parse_duration

    if not text:
        return None
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UserError(f"--timeout: {error}", hint="write 90s, 10m or 8h") from error
    if not isinstance(found, float) or found <= 0:
        raise UserError("--timeout needs some time", hint="write 90s, 10m or 8h")
    return found
