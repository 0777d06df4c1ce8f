"""``evogit strategies``: what is installed, and what options it has."""

from __future__ import annotations

import inspect
import re
from typing import Annotated, Final

import typer

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.text import clean_line

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
    from evogit.plugins import load, names

    if name is not None:
        session.output.rows("options", _options(load("evogit.strategies", name)), _OPTIONS)
        return
    rows = [{"name": one, "summary": _summary(one)} for one in names("evogit.strategies")]
    session.output.rows("strategies", rows, _STRATEGIES)


def _summary(name: str) -> str:
    """The first line of what a strategy says of itself, or why it can not be used."""
    from evogit.errors import ConfigError
    from evogit.plugins import Plugin, find, load

    try:
        found = load("evogit.strategies", name)
    except ConfigError as error:
        return clean_line(error.message)
    if not callable(found):
        return str(
            Plugin("evogit.strategies", find("evogit.strategies", name)).broken("it is no class")
        )
    return clean_line((inspect.getdoc(found) or "").partition("\n")[0], 120)


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
