"""``evogit log``: individuals, newest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.common import lists
from evogit.cli.graph import draw
from evogit.cli.individuals import COLUMNS, Individuals, short
from evogit.cli.options import MaybeRevision
from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.proposals import DISTILL

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny


@lists
def log(
    session: Session,
    revision: MaybeRevision = None,
    graph: Annotated[bool, typer.Option("--graph", help="Draw the lines of descent.")] = False,
    number: Annotated[int, typer.Option("-n", min=0, help="At most this many; 0 for all.")] = 30,
    every: Annotated[
        bool, typer.Option("--all", help="Rejected and failed offspring too.")
    ] = False,
) -> None:
    """List individuals and their ancestors, newest first.

    They are where agents stand, what was distilled, and what somebody pinned or gave a name.

    Example: evogit log best --graph -n 20
    """
    phylogeny = session.phylogeny
    found = islice(_rows(session, phylogeny, revision, every=every), number or None)
    view = Individuals(session)
    if graph and session.output.form == "text":
        _print_graph(session, view, found)
    else:
        session.output.rows("individuals", view.rows(found), COLUMNS)


def _rows(
    session: Session, phylogeny: Phylogeny, revision: str | None, *, every: bool
) -> Iterator[int]:
    base = session.swarm.base
    if revision is not None:
        return newest_first(phylogeny, [select(phylogeny, base, revision)])
    if every:
        return iter(range(len(phylogeny) - 1, -1, -1))
    named = (*phylogeny.tips.values(), *phylogeny.tags.values(), *phylogeny.pinned)
    distilled = [row for row in phylogeny.leaves() if phylogeny.operator(row) == DISTILL]
    return newest_first(phylogeny, [phylogeny.index(base), *named, *distilled])


def newest_first(phylogeny: Phylogeny, starts: Iterable[int]) -> Iterator[int]:
    """These individuals and their ancestors, every one before its parents."""
    seen = set(starts)
    heap = [-row for row in seen]  # a parent's row is lower than its children's
    heapq.heapify(heap)
    while heap:
        row = -heapq.heappop(heap)
        yield row
        for parent in phylogeny.parents(row):
            if parent not in seen:
                seen.add(parent)
                heapq.heappush(heap, -parent)


def _print_graph(session: Session, view: Individuals, rows: Iterable[int]) -> None:
    phylogeny, output = view.phylogeny, session.output
    nodes = ((row, phylogeny.parents(row)) for row in rows)
    for lanes, row in draw(nodes):
        if row is None:
            output.line(lanes)
            continue
        data = view.row(row)
        marks = ", ".join(view.marks(row))
        parts = (
            output.style(short(data["commit"]), "yellow"),
            output.style(str(data["verdict"]), "bold"),
            output.style(f"({marks})", "green") if marks else "",
            str(data["subject"]),
        )
        output.line(f"{lanes} " + " ".join(part for part in parts if part), raw=True)
