"""``evogit status``: how the swarm is doing, on one screen."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from evogit.cli.individuals import Individuals, doubted, number, short, unscored
from evogit.cli.output import Column, counted
from evogit.cli.session import Session
from evogit.ids import natural
from evogit.steering.state import Steering, derive

if TYPE_CHECKING:
    from evogit.phylogeny.activity import Totals
    from evogit.phylogeny.index import Phylogeny

_WORKER: Final = re.compile(r"(?:[a-z0-9-]+-)?w\d+")
_AGENTS: Final = (
    Column("agent", "agent", style="cyan"),
    Column("tip", "commit", style="yellow", show=short),
    Column("score", "verdict", right=True, style="bold"),
    Column("gen", "generation", right=True),
    Column("step", "step", right=True),
    Column("subject", "subject", flexible=True),
    Column("marks", "state", style="green"),
)


def status(
    session: Session,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Repeat until interrupted.")] = False,
    interval: Annotated[
        float, typer.Option(min=0.2, max=3600, help="Seconds between looks.")
    ] = 2.0,
) -> None:
    """Show the best individual, agents and budget.

    With --watch and --json, one object per line and look.

    Example: evogit status --watch
    """
    if watch and session.output.form == "json":
        session.output.form = "lines"
    while True:
        data = collect(session)
        if watch and session.output.is_terminal and session.output.form == "text":
            session.output.line("\x1b[H\x1b[2J", raw=True)
        session.output.result(data, lambda: _print(session, data))  # noqa: B023  # called at once
        if not watch:
            return
        session.output.flush()
        time.sleep(interval)
        session.phylogeny.refresh()


def collect(session: Session) -> dict[str, Any]:
    """Everything the command shows, as JSON data."""
    phylogeny, swarm = session.phylogeny, session.swarm
    view = Individuals(session)
    found = phylogeny.best(1)
    steering = derive(phylogeny.decisions)
    return {
        "path": str(swarm.path),
        "goal": _first_line(session.spec.settings.goal.text),
        "direction": session.spec.settings.evaluate.direction,
        "individuals": len(phylogeny),
        "base": view.row(phylogeny.index(swarm.base)),
        "best": view.row(found[0]) if found else None,
        "doubt": doubted(session, found[0]) if found else "",
        "agents": [
            {**view.row(row), "agent": agent, "state": _state(phylogeny, steering, agent, row)}
            for agent, row in _standing(phylogeny)
        ],
        "workers": _workers(session),
        "mode": steering.mode(""),
        "budget": _budget(session),
        "problems": len(phylogeny.problems),
    }


def _standing(phylogeny: Phylogeny) -> list[tuple[str, int]]:
    """Where each agent stands: at the base until it accepts something. Whoever distills is none."""
    from evogit.swarm.identity import worker_of

    hosted = (name for name in phylogeny.agents if worker_of(name))
    found = dict.fromkeys(hosted, 0) | phylogeny.tips
    return sorted(found.items(), key=lambda item: natural(item[0]))


def _state(phylogeny: Phylogeny, steering: Steering, agent: str, row: int) -> str:
    if phylogeny.pruned(row):
        return "pruned"
    mode = steering.mode(agent)
    return "" if mode == "running" else mode


def _workers(session: Session) -> list[dict[str, object]]:
    from evogit.ids import JOURNALS
    from evogit.swarm.identity import is_alive

    git = session.swarm.git
    names = (ref[len(JOURNALS) :] for ref in git.refs_under(JOURNALS))
    found = sorted((name for name in names if _WORKER.fullmatch(name)), key=natural)
    return [{"worker": name, "alive": is_alive(git, name)} for name in found]


def _budget(session: Session) -> dict[str, dict[str, float | None]]:
    limits, spent = session.budget, session.phylogeny.spent
    reserved = session.phylogeny.reserved
    found: dict[str, dict[str, float | None]] = {
        "evaluations": {"spent": spent.evaluations, "limit": limits.evaluations},
        "seconds": {"spent": spent.seconds, "limit": limits.seconds},
        "tokens": {
            "spent": spent.tokens,
            "reserved": reserved.tokens_in + reserved.tokens_out,
            "limit": limits.tokens,
        },
        "cost_usd": {
            "spent": spent.cost_usd,
            "reserved": reserved.cost_usd,
            "limit": limits.cost_usd,
        },
    }
    if limits.day_tokens is not None or limits.day_cost_usd is not None:
        today = _today(session)
        found["tokens_today"] = {"spent": today.tokens, "limit": limits.day_tokens}
        found["cost_usd_today"] = {"spent": today.cost_usd, "limit": limits.day_cost_usd}
    return found


def _today(session: Session) -> Totals:
    from evogit.phylogeny.activity import day_of

    activity = session.phylogeny.activity
    while activity.update():
        pass
    return activity.on(day_of(time.time()))


def _first_line(text: str) -> str:
    first, _, rest = text.strip().partition("\n")
    return f"{first} …" if rest else first


def _print(session: Session, data: dict[str, Any]) -> None:
    best = data["best"]
    alive = [worker["worker"] for worker in data["workers"] if worker["alive"]]
    session.output.pairs(
        [
            ("swarm", data["path"]),
            ("goal", data["goal"]),
            ("base", _about(data["base"])),
            ("best", _about(best) if best else unscored(session) or "all that is scored is pruned"),
            ("individuals", str(data["individuals"])),
            ("workers", ", ".join(alive) if alive else "none is running"),
            ("mode", "" if data["mode"] == "running" else data["mode"]),
            *(
                (name.replace("_usd", "").replace("_", " "), _used(used))
                for name, used in data["budget"].items()
            ),
        ]
    )
    if data["doubt"]:
        session.output.warn(f"best: {data['doubt']}")
    if data["agents"]:
        session.output.line()
        session.output.table(data["agents"], _AGENTS)
    if data["problems"]:
        session.output.warn(
            f"{counted(data['problems'], 'problem')} in the journals: evogit doctor"
        )


def _about(row: dict[str, Any]) -> str:
    maker = f", {row['agent']}" if row["agent"] else ""
    return f"{row['commit'][:12]}  {row['verdict']}  (generation {row['generation']}{maker}) {row['subject']}"


def _used(used: dict[str, float | None]) -> str:
    spent, limit, reserved = used["spent"], used["limit"], used.get("reserved")
    if not spent and limit is None:
        return ""
    text = number(spent) or "0"
    text += f" of {number(limit)}" if limit is not None else ""
    return text + (f" (and {number(reserved)} reserved)" if reserved else "")
