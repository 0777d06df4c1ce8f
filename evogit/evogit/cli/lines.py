"""Commands that list individuals: ``best``, ``lineage``, ``leaves``, ``children``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer

from evogit.cli.common import lists
from evogit.cli.individuals import COLUMNS, Individuals, note_unscored
from evogit.cli.options import Revision
from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.errors import PreconditionError

_Number = Annotated[int, typer.Option("-n", min=0, help="At most this many; 0 for all.")]


@lists
def best(
    session: Session,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 5,
    front: Annotated[
        bool, typer.Option("--front", help="All that none beats in every objective of pareto.")
    ] = False,
) -> None:
    """List the best individuals by score, best first.

    Examples: evogit best -k 3; evogit best --front --json
    """
    note_unscored(session)
    _print(session, _front(session) if front else session.phylogeny.best(k))


def _front(session: Session) -> list[int]:
    from evogit.strategies.pareto import Pareto

    search, phylogeny = session.spec.settings.search, session.phylogeny
    if search.strategy != "pareto":
        raise PreconditionError(
            f"the strategy here is {search.strategy}, which has no objectives",
            hint='name them: search.strategy = "pareto", search.options.objectives = "+score, -seconds"',
        )
    return sorted(Pareto(**search.options).front(phylogeny), key=phylogeny.fitness, reverse=True)


@lists
def lineage(session: Session, revision: Revision = "best", number: _Number = 0) -> None:
    """List first parents back to the base.

    Example: evogit lineage best
    """
    row = select(session.phylogeny, session.swarm.base, revision)
    _print(session, islice(session.phylogeny.lineage(row), number or None))


@lists
def leaves(session: Session, number: _Number = 0) -> None:
    """List individuals without offspring, newest first.

    Example: evogit leaves -n 10 --jsonl
    """
    found = sorted(session.phylogeny.leaves(), reverse=True)
    _print(session, islice(found, number or None))


@lists
def children(session: Session, revision: Revision) -> None:
    """List the direct offspring of an individual.

    Example: evogit children base
    """
    row = select(session.phylogeny, session.swarm.base, revision)
    _print(session, session.phylogeny.children(row))


def _print(session: Session, rows: Iterable[int]) -> None:
    session.output.rows("individuals", Individuals(session).rows(rows), COLUMNS)
