"""``evogit diff``: what one individual's files have that another's have not."""

from __future__ import annotations

from typing import Annotated

import typer

from evogit.cli.options import MaybeRevision, Revision
from evogit.cli.output import Column
from evogit.cli.patch import colored
from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.errors import NotFoundError
from evogit.git.patch import FileChange, changes

_STAT = (
    Column("", "status"),
    Column("added", "added", right=True, style="green"),
    Column("removed", "removed", right=True, style="red"),
    Column("path", "path", flexible=True),
)


def diff(
    session: Session,
    revision: Revision,
    other: MaybeRevision = None,
    stat: Annotated[bool, typer.Option("--stat", help="Only list the changed files.")] = False,
) -> None:
    """Show what changed between two individuals.

    With one REV, from its first parent to it. What is printed is made safe for a terminal; an exact
    patch is made by git -C "$(evogit path)" diff.

    Examples: evogit diff best; evogit diff base best --stat
    """
    phylogeny, base = session.phylogeny, session.swarm.base
    new = select(phylogeny, base, revision if other is None else other)
    old = select(phylogeny, base, revision) if other is not None else first_parent(session, new)
    found = changes(session.swarm.git, phylogeny.tree(old), phylogeny.tree(new))
    data = {
        "old": phylogeny.commit(old),
        "new": phylogeny.commit(new),
        "files": [change.as_json() for change in found],
    }
    session.output.result(data, lambda: print_changes(session, found, stat=stat))


def first_parent(session: Session, row: int) -> int:
    """The first parent of an individual.

    Raises:
        NotFoundError: it has none: it is the base.
    """
    parents = session.phylogeny.parents(row)
    if not parents:
        raise NotFoundError("the base has no parent to compare with", hint="evogit diff base best")
    return parents[0]


def print_changes(session: Session, found: list[FileChange], *, stat: bool) -> None:
    """Changed files, or their patches."""
    output = session.output
    if stat:
        output.table([change.as_json() for change in found], _STAT)
        return
    for change in found:
        for line, style in colored(change.patch):
            output.line(line, style=style)
    if not found:
        output.note("no differences")
