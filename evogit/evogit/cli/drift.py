"""``evogit drift``: what a run did to tests, dependencies and size."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from evogit.cli.individuals import Individuals, short
from evogit.cli.output import Column
from evogit.cli.select import select
from evogit.cli.session import Session
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.quarantine.drift import Drift

_SHOWN: Final = 10
_LISTS: Final = (
    ("tests removed", "tests_removed"),
    ("tests changed", "tests_changed"),
    ("assertions gone or changed", "assertions_lost"),
    ("skips added", "skips_added"),
    ("dependencies added", "dependencies_added"),
    ("dependencies removed", "dependencies_removed"),
    ("tests, protected or configuration", "risky"),
)
_POPULATION: Final = (
    Column("commit", "commit", style="yellow", show=short),
    Column("score", "verdict", right=True, style="bold"),
    Column("agent", "agent", style="cyan"),
    Column("files", "files", right=True),
    Column("lines", "lines", right=True),
    Column("functions", "functions", right=True),
    Column("complexity", "complexity", right=True),
    Column("tests lost", "tests_lost", right=True),
    Column("risky files", "risky", right=True),
)
_HELD: Final = (
    Column("rule", "rule", style="yellow"),
    Column("held", "held", right=True),
    Column("released", "released", right=True),
)


def drift(
    session: Session,
    revision: Annotated[str, typer.Argument(metavar="REV", help="Individual.")] = "best",
) -> None:
    """Report how far code drifted from the base.

    Tests and assertions lost, skips, dependencies, size and complexity, from the base to one
    individual and over the population; what rules hold in quarantine, and what was released.

    Examples: evogit drift; evogit drift a3 --json
    """
    from evogit.quarantine.drift import Drifts, held_by_rule, of_population

    phylogeny = session.phylogeny
    row = select(phylogeny, session.swarm.base, revision)
    protected = session.spec.settings.search.protected
    drifts = Drifts(session.swarm.git, phylogeny.tree(0), protected)
    view = Individuals(session)
    population = [_line(view.row(i), found) for i, found in of_population(drifts, phylogeny)]
    data: dict[str, Any] = {
        "from": phylogeny.commit(0),
        "to": phylogeny.commit(row),
        "drift": asdict(drifts.of(phylogeny.tree(row))),
        "population": population,
        "lineages_touching_risky_files": _share(population),
        "quarantine": [asdict(held) for held in held_by_rule(phylogeny)],
    }
    session.output.result(data, lambda: _print(session, data))


def _line(row: dict[str, object], found: Drift) -> dict[str, object]:
    kept = {key: row[key] for key in ("commit", "agent", "score", "verdict")}
    lost = len(found.tests_removed) + len(found.assertions_lost)
    size = {"files": found.files, **asdict(found.growth)}
    return {**kept, **size, "tests_lost": lost, "risky": len(found.risky)}


def _share(population: list[dict[str, object]]) -> float:
    return sum(1 for line in population if line["risky"]) / max(len(population), 1)


def _print(session: Session, data: dict[str, Any]) -> None:
    output, found = session.output, data["drift"]
    growth = found["growth"]
    output.pairs(
        [
            ("from", f"{data['from'][:12]} (base)"),
            ("to", data["to"][:12]),
            ("files changed", str(found["files"])),
            ("lines of code", f"{growth['lines']:+d}"),
            ("functions", f"{growth['functions']:+d}"),
            ("complexity", f"{growth['complexity']:+d}"),
            ("tests added", str(found["tests_added"])),
            *((title, str(len(found[key]))) for title, key in _LISTS),
        ]
    )
    for title, key in _LISTS:
        _print_list(session, title, found[key])
    _print_population(session, data)
    if data["quarantine"]:
        output.line()
        output.table(data["quarantine"], _HELD)


def _print_list(session: Session, title: str, items: tuple[str, ...]) -> None:
    if not items:
        return
    session.output.line()
    session.output.line(f"{title}:")
    for item in items[:_SHOWN]:
        session.output.line(f"  {clean_line(item, 160)}")
    if len(items) > _SHOWN:
        session.output.line(f"  and {len(items) - _SHOWN} more")


def _print_population(session: Session, data: dict[str, Any]) -> None:
    population, output = data["population"], session.output
    output.line()
    output.table(population, _POPULATION)
    middle = median(line["lines"] for line in population) if population else 0
    share = data["lineages_touching_risky_files"]
    output.note(
        f"{share:.0%} of {len(population)} lineages touch tests, protected files or configuration; "
        f"the median grew by {middle:+.0f} lines"
    )
