"""``evogit gc``: pack the swarm repository."""

from __future__ import annotations

from dataclasses import asdict

from evogit.cli.output import counted
from evogit.cli.session import Session


def gc(session: Session) -> None:
    """Pack the swarm repository.

    Loose objects go into a pack, many packs into few where no worker runs, and what killed workers left
    half-written is removed. Safe while workers run; the repository beside it is never touched.

    Example: evogit gc
    """
    from evogit.swarm.maintenance import maintain

    report = maintain(session.swarm, unite=True)
    text = (
        "another process is packing already"
        if report.busy
        else f"packed {counted(report.packed, 'object')}; {counted(report.packs, 'pack')} now"
    )
    session.output.result(asdict(report), lambda: session.output.note(text))
