"""``evogit strategies``: what is installed."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session

_STRATEGIES: Final = (
    Column("strategy", "name", style="cyan"),
    Column("summary", "summary", flexible=True),
)


@lists
def strategies(session: Session) -> None:
    """List the strategies that may be named in [search].

    Example: evogit strategies
    """
    from evogit.cli.registry import summary

    points = sorted(entry_points(group="evogit.strategies"), key=lambda point: point.name)
    rows = [{"name": point.name, "summary": summary(point)} for point in points]
    session.output.rows("strategies", rows, _STRATEGIES)
