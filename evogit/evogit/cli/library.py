"""``evogit strategies``: what is installed, and what options it has."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import entry_points
from typing import Annotated, Final

import typer

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session

_STRATEGIES: Final = (
    Column("strategy", "name", style="cyan"),
    Column("summary", "summary", flexible=True),
)
_OPTIONS: Final = (
    Column("option", "name", style="cyan"),
    Column("default", "default"),
    Column("meaning", "meaning", flexible=True),
)
_ENTRY: Final = r"^    {}: (.*(?:\n {{8}}.*)*)"
"""What a docstring says of an argument, with its further lines."""


@lists
def strategies(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show its options.")] = None,
) -> None:
    """List the strategies, or the options of one.

    A strategy is named in [search] of evogit.toml, its options in [search.options].

    Examples: evogit strategies; evogit strategies islands
    """
    from evogit.cli.registry import summary
    from evogit.plugins import load

    if name is not None:
        session.output.rows("options", _options(load("evogit.strategies", name)), _OPTIONS)
        return
    points = sorted(entry_points(group="evogit.strategies"), key=lambda point: point.name)
    rows = [{"name": point.name, "summary": summary(point)} for point in points]
    session.output.rows("strategies", rows, _STRATEGIES)


def _options(strategy: object) -> list[dict[str, object]]:
    """What a strategy takes, by its signature and docstring."""
    if not callable(strategy):
        return []
    told = inspect.getdoc(strategy) or ""
    return [
        {"name": option, "default": parameter.default, "meaning": _meaning(told, option)}
        for option, parameter in inspect.signature(strategy).parameters.items()
        if parameter.default is not parameter.empty
    ]


def _meaning(told: str, option: str) -> str:
    """The first sentence of what the docstring says of an option."""
    found = re.search(_ENTRY.format(re.escape(option)), told, re.MULTILINE)
    text = " ".join(found[1].replace("``", "").split()) if found else ""
    return text.partition(". ")[0].removesuffix(".")
