"""``evogit distill``: the smallest change that still carries the gain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.individuals import doubted
from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.evolve.distill import Distilled


def distill(
    session: Session,
    revision: Annotated[str, typer.Argument(metavar="REV", help="An individual.")] = "best",
    *,
    limit: Annotated[
        int, typer.Option("--max-evaluations", min=1, help="Stop after this many.")
    ] = 200,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="As in `evogit run`.")
    ] = False,
) -> None:
    """Leave out of a change everything that does not carry its gain.

    Blocks of lines, then single lines, are taken out of the whole change from the base as long as
    the score holds (but for the noise floor). What is left is a new individual, called "distilled", with the evidence in its message.

    Example: evogit distill best
    """
    from evogit.cli import trusting
    from evogit.cli.run import make_plan
    from evogit.cli.select import select
    from evogit.evolve.distill import distill as carry_out

    trusting.follow_config(session)
    trusting.require(session, session.swarm)
    phylogeny = session.phylogeny
    commit = phylogeny.commit(select(phylogeny, session.swarm.base, revision))
    plan = make_plan(session, session.swarm, jobs=1, unsafe=unsafe)

    def tell(tried: int, lines: int) -> None:
        session.output.detail(f"{tried} evaluations, trying {lines} lines")

    found = carry_out(session.swarm, plan, commit, author=session.user, limit=limit, tell=tell)
    _show(session, found)


def _show(session: Session, found: Distilled) -> None:
    data = {name: getattr(found, name) for name in found.__dataclass_fields__}
    session.phylogeny.refresh()
    data["doubt"] = doubted(session, session.phylogeny.index(found.commit))
    output = session.output

    def show() -> None:
        output.line(
            f"{found.commit[:12]} score {found.score:.6g} with {found.kept} of {found.whole} "
            f"changed lines (base {found.base_score:.6g}, original {found.original_score:.6g})"
        )
        if not found.complete:
            output.warn(f"stopped after {found.evaluations} evaluations; more could be left out")
        if data["doubt"]:
            output.warn(data["doubt"])
        output.note("look: evogit diff base distilled. keep it: evogit promote distilled")

    output.result(data, show)
