"""``evogit explain``: which step of a lineage gained what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from evogit.cli.individuals import doubted, number, short
from evogit.cli.output import Column
from evogit.cli.select import select
from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.analysis.gains import Gain


def _signed(value: object) -> str:
    return f"{value:+.3g}" if isinstance(value, float) else ""


def _percent(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, float) else ""


_STEPS: Final = (
    Column("commit", "commit", style="yellow", show=short),
    Column("score", "score", right=True, style="bold", show=number),
    Column("gain", "gain", right=True, style="green", show=_signed),
    Column("share", "share", right=True, show=_percent),
    Column("agent", "agent", style="cyan"),
    Column("operator", "operator"),
    Column("subject", "subject", flexible=True),
)
_SUMS: Final = (
    Column("", "name"),
    Column("gain", "gain", right=True, style="green", show=_signed),
    Column("steps", "steps", right=True),
)


def explain(
    session: Session,
    revision: Annotated[str, typer.Argument(metavar="REV", help="An individual.")] = "best",
    every: Annotated[bool, typer.Option("--all", help="Steps that gained nothing too.")] = False,
) -> None:
    """Say which steps from the base to an individual gained what.

    The line goes by the fittest parent of each merge, so the gains add up to the whole difference.
    Gains are positive if better, also when the score is to be minimized.

    Example: evogit explain best --all
    """
    from evogit.analysis.gains import gains, summed, winning_lineage

    phylogeny = session.phylogeny
    row = select(phylogeny, session.swarm.base, revision)
    found = gains(phylogeny, row)
    whole = sum(one.gain for one in found)
    data: dict[str, Any] = {
        "commit": phylogeny.commit(row),
        "score": phylogeny.score(row),
        "base_score": phylogeny.score(0),
        "gain": whole,
        "steps": [_step(session, one, whole) for one in found if every or one.gain != 0],
        "steps_without_gain": sum(one.gain == 0 for one in found),
        "steps_without_score": len(winning_lineage(phylogeny, row)) - 1 - len(found),
        "doubt": doubted(session, row) if found else "",
        "operators": _sums(summed(found, phylogeny.operator)),
        "agents": _sums(summed(found, phylogeny.agent)),
    }
    session.output.result(data, lambda: _print(session, data))


def _step(session: Session, one: Gain, whole: float) -> dict[str, object]:
    phylogeny = session.phylogeny
    return {
        "commit": phylogeny.commit(one.row),
        "parents": [phylogeny.commit(parent) for parent in phylogeny.parents(one.row)],
        "score": phylogeny.score(one.row),
        "gain": one.gain,
        "share": one.gain / whole if whole else None,
        "agent": phylogeny.agent(one.row),
        "operator": phylogeny.operator(one.row),
        "subject": phylogeny.subject(one.row),
    }


def _sums(found: list[tuple[str, float, int]]) -> list[dict[str, object]]:
    return [{"name": name or "human", "gain": total, "steps": n} for name, total, n in found]


def _print(session: Session, data: dict[str, Any]) -> None:
    output = session.output
    if not data["steps"]:
        output.line(f"{short(data['commit'])} gained nothing over the base")
        return
    output.table(data["steps"], _STEPS)
    output.line()
    skipped = data["steps_without_gain"]
    output.line(
        f"{number(data['base_score'])} to {number(data['score'])}: {_signed(data['gain'])} "
        f"in {len(data['steps'])} steps; {skipped} more gained nothing"
    )
    if data["steps_without_score"]:
        output.note(
            f"{data['steps_without_score']} steps of the lineage have no score as things are judged now: "
            "what they gained is counted with the next one that has"
        )
    if data["doubt"]:
        output.warn(data["doubt"])
    output.line()
    output.table(data["operators"], _SUMS)
    output.table(data["agents"], _SUMS)
