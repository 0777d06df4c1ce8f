"""``evogit cost``: what was spent, on what, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from evogit.cli.individuals import number
from evogit.cli.output import Column
from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.analysis.costs import Cost


def _dollars(value: object) -> str:
    return f"${value:,.4f}" if isinstance(value, (int, float)) else "-"


def _count(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, (int, float)) else "-"


_COLUMNS: Final = (
    Column("attempts", "attempts", right=True, show=_count),
    Column("offspring", "offspring", right=True, show=_count),
    Column("improved", "improved", right=True, show=_count),
    Column("tokens", "tokens", right=True, show=_count),
    Column("money", "cost_usd", right=True, style="bold", show=_dollars),
    Column("each improvement", "usd_per_improvement", right=True, show=_dollars),
    Column("tokens for it", "tokens_per_improvement", right=True, show=_count),
)
_SOURCE: Final = Column("price from", "source", flexible=True)


def cost(
    session: Session,
    by: Annotated[
        Literal["agent", "model", "operator", "lineage", "day"],
        typer.Option("--by", help="What to sum up by; days are those of UTC."),
    ] = "model",
) -> None:
    """Show tokens and money: spent, reserved, capped, and for each improvement.

    By lineage a row is the direct cost of a branch's tip and its ancestors; docs/spending.md says what counts when.

    Example: evogit cost --by operator
    """
    data = collect(session, by)
    session.output.result(data, lambda: _print(session, data))


def collect(session: Session, by: Literal["agent", "model", "operator", "lineage", "day"]) -> Any:
    """Everything the command shows, as JSON data."""
    from evogit.analysis.costs import costs, overall
    from evogit.evolve.lost import LOST

    phylogeny = session.phylogeny
    total, reserved = overall(phylogeny), phylogeny.reserved
    lost = phylogeny.activity.by_operator.get(LOST)
    return {
        "by": by,
        "rows": [_row(one) for one in costs(phylogeny, session.spec.settings, by)],
        "total": _row(total),
        "reserved": {
            "tokens": reserved.tokens_in + reserved.tokens_out,
            "cost_usd": reserved.cost_usd,
        },
        "lost": {
            "steps": lost.attempts if lost else 0,
            "tokens": lost.tokens if lost else 0,
            "cost_usd": lost.cost_usd if lost else 0.0,
        },
        "caps": session.budget.model_dump(exclude_none=True),
    }


def _row(one: Cost) -> dict[str, object]:
    found = asdict(one) | {
        "usd_per_improvement": one.usd_per_improvement,
        "tokens_per_improvement": one.tokens_per_improvement,
    }
    return {key: value for key, value in found.items() if key != "source" or value}


def _print(session: Session, data: dict[str, Any]) -> None:
    total, held, lost = data["total"], data["reserved"], data["lost"]
    reserved = f", and {_amount(held)} reserved" if held["tokens"] or held["cost_usd"] else ""
    killed = f"{_amount(lost)} at worst, by {lost['steps']} killed steps" if lost["steps"] else ""
    session.output.pairs(
        [
            ("spent", f"{_amount(total)}{reserved}"),
            ("of it lost", killed),
            ("caps", ", ".join(f"{key} {number(cap)}" for key, cap in data["caps"].items())),
            ("improved", f"{total['improved']:,} of {total['attempts']:,} attempts"),
        ]
    )
    if data["by"] == "model" and not (total["tokens"] or total["cost_usd"]):
        session.output.note("no attempt used a token or money; --by operator says what they were")
    if data["rows"]:
        session.output.line()
        columns = (Column(data["by"], "name", style="cyan"), *_COLUMNS)
        sourced = data["by"] == "model"
        session.output.table(data["rows"], (*columns, _SOURCE) if sourced else columns)


def _amount(found: dict[str, Any]) -> str:
    return f"${found['cost_usd']:,.4f} and {found['tokens']:,} tokens"
