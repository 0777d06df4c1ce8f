"""``evogit problems`` and ``evogit strategies``: what is installed."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from evogit.cli.common import lists
from evogit.cli.output import Column
from evogit.cli.session import Session
from evogit.errors import NotFoundError
from evogit.text import clean, clean_line

_PROBLEMS: Final = (
    Column("problem", "name", style="cyan"),
    Column("direction", "direction"),
    Column("summary", "summary", flexible=True),
)
_STRATEGIES: Final = (
    Column("strategy", "name", style="cyan"),
    Column("summary", "summary", flexible=True),
)


@lists
def problems(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this one.")] = None,
) -> None:
    """List the library's problems, or show one of them.

    Example: evogit problems online-bin-packing
    """
    points = {point.name: point for point in entry_points(group="evogit.problems")}
    if name is None:
        rows = [_problem(point) for _, point in sorted(points.items())]
        session.output.rows("problems", rows, _PROBLEMS)
        return
    if name not in points:
        from evogit.plugins import find

        find("evogit.problems", name)
    row = _problem(points[name])
    session.output.result(row, lambda: _print_problem(session, row))


def _print_problem(session: Session, row: dict[str, object]) -> None:
    keys = ("name", "summary", "direction", "source", "best_known", "folder")
    session.output.pairs((key.replace("_", " "), str(row[key])) for key in keys)
    session.output.line()
    session.output.line(str(row["goal"]).strip())


def _problem(point: EntryPoint) -> dict[str, object]:
    """What a problem's ``problem.toml`` says of it; none of its code runs."""
    spec = find_spec(point.module)
    places = list(spec.submodule_search_locations or []) if spec else []
    path = Path(places[0] if places else "/", "problem.toml")
    try:
        with path.open("rb") as file:
            data: dict[str, object] = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise NotFoundError(f"problem {point.name} can not be read: {error}") from error
    info, goal, judged = (_table(data, key) for key in ("problem", "goal", "evaluate"))
    return {
        "name": point.name,
        "summary": clean_line(str(info.get("summary", ""))),
        "source": clean_line(str(info.get("source", ""))),
        "best_known": clean_line(str(info.get("best_known", ""))),
        "direction": clean_line(str(judged.get("direction", "maximize"))),
        "goal": clean(str(goal.get("text", ""))),
        "folder": str(path.parent),
    }


def _table(data: dict[str, object], key: str) -> dict[str, object]:
    found = data.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


@lists
def strategies(session: Session) -> None:
    """List the strategies that may be named in [search].

    Example: evogit strategies
    """
    from evogit.cli.registry import summary

    points = sorted(entry_points(group="evogit.strategies"), key=lambda point: point.name)
    rows = [{"name": point.name, "summary": summary(point)} for point in points]
    session.output.rows("strategies", rows, _STRATEGIES)
