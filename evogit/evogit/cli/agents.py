"""List agents and kinds of agents, or say how many each worker hosts."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from evogit.cli.agent_kinds import kinds
from evogit.cli.common import lists
from evogit.cli.decisions import report
from evogit.cli.individuals import short
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.cli.status import collect

app = typer.Typer(help=__doc__)
app.command("kinds")(kinds)

_COLUMNS: Final = (
    Column("agent", "agent", style="cyan"),
    Column("tip", "commit", style="yellow", show=short),
    Column("score", "verdict", right=True, style="bold"),
    Column("attempts", "attempts", right=True),
    Column("tokens", "tokens", right=True),
    Column("usd", "cost_usd", right=True, show=lambda value: f"{value:.4f}"),
    Column("state", "state", style="green"),
)


@app.command("list")
@lists
def list_(session: Session) -> None:
    """List agents with their attempts and what they cost.

    Example: evogit agents list
    """
    rows: list[dict[str, object]] = []
    for agent in collect(session)["agents"]:
        attempts = session.phylogeny.attempts(agent["agent"])
        rows.append(
            {
                **agent,
                "attempts": len(attempts),
                "tokens": sum(attempt.tokens for attempt in attempts),
                "cost_usd": sum(attempt.cost_usd for attempt in attempts),
            }
        )
    session.output.rows("agents", rows, _COLUMNS)


@app.command("set")
def set_(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="N", min=0, max=10_000, help="How many.")],
) -> None:
    """Say how many agents each running worker hosts.

    One started later goes by its own number.

    Example: evogit agents set 8
    """
    report(session, session.desk.agents(number), f"{number} agents per worker")
