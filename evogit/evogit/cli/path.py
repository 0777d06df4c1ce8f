"""``evogit path``: where the swarm repository lies."""

from __future__ import annotations

from evogit.cli.session import Session


def path(session: Session) -> None:
    """Print the folder of the swarm repository.

    Example: git --git-dir="$(evogit path)" log --graph --branches --tags
    """
    found = str(session.swarm_path)
    session.output.result({"path": found}, lambda: session.output.line(found))
