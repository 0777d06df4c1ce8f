"""``evogit demo``: one minute of evolution on a real problem, and an honest table at the end."""

from __future__ import annotations

import math
import threading
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.evolve.assembly import Plan
    from evogit.ids import CommitId
    from evogit.swarm.repository import Swarm

_PROBLEM: Final = "online-bin-packing"
_MARK: Final = ".evogit-demo"
_NOTE: Final = (
    "One program, trained on U[20,100] at 500 items; held out: 24 streams nobody trained on.\n"
    "Excess = bins used over ceil(sum of sizes / capacity), minus 1; less is better."
)


def demo(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="Where to make it.")] = Path("demo-run"),
    *,
    time: Annotated[str, typer.Option("--time", help="How long to evolve.")] = "60s",
    agents: Annotated[int, typer.Option("--agents", "-n", min=1, help="How many agents.")] = 2,
    seed: Annotated[int, typer.Option("--seed", help="Of all randomness.")] = 1,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="As in `evogit run`.")
    ] = False,
) -> None:
    """Evolve a bin-packing rule for a minute, without any model, and compare it fairly.

    Example: `evogit demo --time 2m`
    """
    from evogit.cli.progress import watching
    from evogit.cli.run import interruptible, make_plan, parse_flags
    from evogit.evolve.allowance import Flags
    from evogit.evolve.assembly import evolve

    home = _fresh(session.cwd / folder)
    output = session.output
    if output.form == "json":
        output.form = "lines"  # events come first, then one object per program
    ours, theirs = _swarm(home / _PROBLEM), _swarm(home / "best-of-n")
    # Both are made just now from commands of this program's own.
    planned = partial(make_plan, session, agents=agents, seed=seed, unsafe=unsafe, trusted=True)
    plan = planned(ours, flags=parse_flags(max_time=time))
    stop = threading.Event()
    with interruptible(stop):
        output.note(f"evolving {_PROBLEM} for {time} with {agents} agents, strategy evogit")
        with watching(output, plan) as tell:
            summary = evolve(ours, plan, tell, stop)
        flags = Flags(evaluations=max(summary.evaluations, 1))
        baseline = planned(theirs, flags=flags, strategy="best-of-n")
        output.note(f"the same {summary.evaluations} evaluations for the baseline best-of-n")
        with watching(output, baseline) as tell:
            evolve(theirs, baseline, tell, stop)
    rows = [
        _row(ours, plan, "seed (best fit)", ours.base),
        _row(theirs, baseline, "best-of-n", _best(theirs, baseline)),
        _row(ours, plan, "evogit", _best(ours, plan)),
    ]
    _show(session, rows, summary.evaluations, home / _PROBLEM)


def _fresh(home: Path) -> Path:
    """A new folder; beside an earlier demo, which is somebody's to look at, one with a number."""
    from evogit.errors import PreconditionError

    if home.exists() and not (home / _MARK).exists():
        raise PreconditionError(f"{home} exists and is no earlier demo", hint="name another folder")
    names = (home if n == 1 else home.with_name(f"{home.name}-{n}") for n in count(1))
    free = next(name for name in names if not name.exists())
    free.mkdir(parents=True)
    (free / _MARK).touch()
    return free


def _swarm(folder: Path) -> Swarm:
    from evogit.initialise import init_problem

    return init_problem(_PROBLEM, folder, author="demo")


def _best(swarm: Swarm, plan: Plan) -> CommitId:
    from evogit.evolve.once import best_individual

    return best_individual(swarm, plan)


def _row(swarm: Swarm, plan: Plan, name: str, commit: CommitId) -> dict[str, object]:
    from evogit.evolve.once import judge_once
    from evogit.outcome import Scored

    found: dict[str, object] = {"program": name, "commit": commit[:12]}
    training = judge_once(swarm, plan, commit).evaluation.outcome
    held_out = judge_once(swarm, plan, commit, purpose="holdout").evaluation.outcome
    if isinstance(training, Scored):
        found["training"] = training.score
    if isinstance(held_out, Scored):
        found["held_out"] = held_out.score
        found |= {name: held_out.metrics[name] for name in sorted(held_out.metrics)}
    return found


def _percent(value: object) -> str:
    return f"{value * 100:.2f} %" if isinstance(value, float) and math.isfinite(value) else "-"


def _show(session: Session, rows: list[dict[str, object]], evaluations: int, folder: Path) -> None:
    from evogit.cli.output import Column

    output = session.output
    columns = (
        Column("program", "program"),
        Column("individual", "commit"),
        Column("training", "training", right=True, show=_percent),
        Column("held out", "held_out", right=True, show=_percent),
        Column("± 95 %", "excess_u_500_ci95", right=True, show=_percent),
        Column("sd", "excess_u_500_sd", right=True, show=_percent),
        Column("at 250", "excess_u_250", right=True, show=_percent),
        Column("at 5000", "excess_u_5000", right=True, show=_percent),
        Column("Weibull 5000", "excess_weibull_5000", right=True, show=_percent),
    )
    output.note(f"\nexcess after {evaluations} evaluations each:")
    output.rows("programs", rows, columns)
    output.note(
        f"{_NOTE}\n\nlook further: cd {folder}, then evogit log, evogit show best, evogit diff base best"
    )
    output.note("keep it: evogit promote best")
