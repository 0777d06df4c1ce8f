"""``evogit run`` and ``evogit worker``: evolve until a limit, a decision or Ctrl-C ends it."""

from __future__ import annotations

import math
import os
import secrets
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.evolve.allowance import Flags
    from evogit.evolve.assembly import Plan
    from evogit.evolve.worker import Summary
    from evogit.phylogeny.index import Phylogeny
    from evogit.swarm.repository import Swarm

_Evaluations = Annotated[
    int | None,
    typer.Option("--max-evaluations", min=1, help="Stop after so many offspring judged."),
]
_Time = Annotated[
    str | None, typer.Option("--max-time", help="Stop after this long: 90s, 10m, 8h.")
]
_Tokens = Annotated[
    int | None, typer.Option("--max-tokens", min=1, help="Tokens this invocation may use.")
]
_Cost = Annotated[
    float | None, typer.Option("--max-cost", min=0.000001, help="US dollars it may spend.")
]
_Until = Annotated[
    float | None, typer.Option("--until", help="Stop when the best score reaches this.")
]
_Seed = Annotated[int | None, typer.Option("--seed", help="Makes `-n 1` repeatable.")]
_Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Evaluations at once; default: cores.")
]
_Strategy = Annotated[str, typer.Option("--strategy", help="Instead of evogit.toml's.")]
_Agent = Annotated[
    list[str] | None, typer.Option("--agent", help="Kind of agent; may be repeated.")
]
_Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe-no-sandbox", help="Run candidates as plain processes of yours. Dangerous."
    ),
]
_NoSync = Annotated[
    bool, typer.Option("--no-sync", help="Do not exchange with the swarm's remote meanwhile.")
]


def run(
    session: Session,
    problem: Annotated[
        str | None,
        typer.Argument(metavar="PROBLEM", help="A library problem, in a folder of that name."),
    ] = None,
    *,
    agents: Annotated[
        int, typer.Option("--agents", "-n", min=1, max=1000, help="How many agents.")
    ] = 4,
    max_evaluations: _Evaluations = None,
    max_time: _Time = None,
    max_tokens: _Tokens = None,
    max_cost: _Cost = None,
    until: _Until = None,
    seed: _Seed = None,
    jobs: _Jobs = None,
    strategy: _Strategy = "",
    agent: _Agent = None,
    unsafe: _Unsafe = False,
    no_sync: _NoSync = False,
) -> None:
    """Evolve here with several agents, or evolve a problem of the library.

    With PROBLEM, the folder ./PROBLEM is made if there is none, and evolved (see `evogit problems`).
    Ctrl-C once finishes the current steps, twice stops at once; run again to go on. Without any
    limit it runs until then. Exit status: 0 at a limit, 5 if --until was not reached.

    Examples: `evogit run -n 8 --max-time 8h`, `evogit run online-bin-packing --max-time 10m`
    """
    if problem is not None:
        session = _at_problem(session, problem)
    flags = parse_flags(max_evaluations, max_time, max_tokens, max_cost, until)
    plan = make_plan(
        session,
        session.swarm,
        agents=agents,
        flags=flags,
        seed=seed,
        jobs=jobs,
        strategy=strategy,
        kinds=agent,
        unsafe=unsafe,
        exchange=not no_sync,
    )
    _evolve(session, plan)


def _at_problem(session: Session, problem: str) -> Session:
    """A session in the folder of a library problem, which is made if there is none."""
    from evogit.cli.init import make_problem
    from evogit.errors import PreconditionError
    from evogit.plugins import find

    folder = session.cwd / find("evogit.problems", problem).name
    if not folder.exists():
        make_problem(session, folder.name, folder)
        session.output.note(f"made {folder}")
    inside = Session(session.output, folder, session.environ)
    if not (folder / ".git").exists():
        raise PreconditionError(
            f"{folder} exists and holds no swarm", hint="go to another folder, or move it away"
        )
    return inside


def worker(
    session: Session,
    *,
    max_evaluations: _Evaluations = None,
    max_time: _Time = None,
    max_tokens: _Tokens = None,
    max_cost: _Cost = None,
    until: _Until = None,
    seed: _Seed = None,
    strategy: _Strategy = "",
    agent: _Agent = None,
    unsafe: _Unsafe = False,
    no_sync: _NoSync = False,
) -> None:
    """One independent agent in a process of its own; start as many as you like, on any host.

    Example: `evogit worker --max-evaluations 500 &`
    """
    run(
        session,
        agents=1,
        max_evaluations=max_evaluations,
        max_time=max_time,
        max_tokens=max_tokens,
        max_cost=max_cost,
        until=until,
        seed=seed,
        jobs=1,
        strategy=strategy,
        agent=agent,
        unsafe=unsafe,
        no_sync=no_sync,
    )


def parse_flags(
    evaluations: int | None = None,
    max_time: str | None = None,
    tokens: int | None = None,
    cost: float | None = None,
    until: float | None = None,
) -> Flags:
    """The limits as typed on the command line.

    Raises:
        ConfigError: the duration can not be read, or the target is no number.
    """
    from evogit.config.values import parse_duration
    from evogit.errors import ConfigError
    from evogit.evolve.allowance import Flags

    if until is not None and not math.isfinite(until):
        raise ConfigError(f"--until is {until}", hint="write a score, such as 0.95")
    try:
        seconds = parse_duration(max_time)
    except ValueError as error:
        raise ConfigError(f"--max-time: {error}", hint="write 90s, 10m or 8h") from error
    return Flags(evaluations, seconds if isinstance(seconds, float) else None, tokens, cost, until)


def make_plan(
    session: Session,
    swarm: Swarm,
    *,
    agents: int = 1,
    flags: Flags | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    strategy: str = "",
    kinds: list[str] | None = None,
    unsafe: bool = False,
    exchange: bool = False,
    trusted: bool = False,
) -> Plan:
    """What one invocation should do, from the options and this machine.

    ``trusted``: the swarm was made just now from commands that were agreed to elsewhere.
    """
    from evogit.cli import trusting
    from evogit.config.model import Budget
    from evogit.evolve.allowance import Flags
    from evogit.evolve.assembly import Plan

    return Plan(
        agents=agents,
        flags=flags or Flags(),
        seed=secrets.randbits(48) if seed is None else seed,
        slots=jobs or os.cpu_count() or 1,
        python=Path(sys.executable),
        root=Path(swarm.setting("evogit.source") or session.cwd),
        cache=session.cache_home / "environments",
        unsafe=unsafe,
        strategy=strategy,
        kinds=tuple(kinds or ()),
        sync=exchange,
        redactor=session.keep_secrets(swarm.spec().settings.secrets.variables),
        environment=session.environ,
        own=session.config_home,
        consent=lambda spec: None if trusted else trusting.require(session, swarm, spec),
        budget=Budget() if trusted else session.own_budget,
    )


def _evolve(session: Session, plan: Plan) -> None:
    from evogit.cli import trusting
    from evogit.cli.progress import watching
    from evogit.errors import InterruptError
    from evogit.evolve.assembly import evolve
    from evogit.evolve.worker import raise_if_missed

    trusting.follow_config(session)
    trusting.require(session, session.swarm)
    trusting.tell_looser_caps(session)
    if session.output.form == "json":
        session.output.form = "lines"  # a stream of events, the error at its end included
    stop = threading.Event()
    with interruptible(stop) as interrupted, watching(session.output, plan) as tell:
        summary = evolve(session.swarm, plan, tell, stop)
    phylogeny = session.phylogeny
    _report(session, summary, phylogeny)
    if interrupted.is_set():
        raise InterruptError(
            "interrupted", hint="everything acknowledged is saved; run again to go on"
        )
    raise_if_missed(summary, plan.flags.until)


@contextmanager
def interruptible(stop: threading.Event) -> Generator[threading.Event]:
    """The first Ctrl-C or SIGTERM sets ``stop``, the second ends the process at once.

    What was acknowledged is in git either way; sandboxes die with this process.
    """
    seen = threading.Event()

    def handle(number: int, frame: object) -> None:
        del frame
        if seen.is_set():
            os._exit(128 + number)
        seen.set()
        stop.set()
        sys.stderr.write("\nfinishing the current steps; press Ctrl-C again to stop at once\n")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _report(session: Session, summary: Summary, phylogeny: Phylogeny) -> None:
    from evogit.analysis.separation import separation
    from evogit.cli.individuals import judged_elsewhere
    from evogit.evolve.spending import FREE, in_words

    output = session.output
    if output.form != "text":
        return
    output.note(
        f"{summary.evaluations} evaluations in {summary.seconds:.1f} s; stopped: {summary.reason}"
    )
    if summary.spend != FREE:
        output.note(f"this run cost {in_words(summary.spend)}; the swarm: evogit cost")
    found = separation(phylogeny, session.spec.settings.evaluate)
    if found is None:
        output.line("nothing has a score yet")
        return
    commit = phylogeny.commit(found.best)[:12] if found.best else "the base"
    fresh = f", mean of {found.fresh} fresh repeats" if found.fresh > 1 else ""
    figures = f"base {found.base:.6g}, noise floor {found.floor:.3g}"
    if found.real:
        output.line(f"best {found.score:.6g} ({commit}{fresh}), {figures}")
        output.note(
            f"look: evogit show best; evogit diff base best. keep it: {how_to_keep(session.swarm)}"
        )
    elif found.gain > found.floor:
        output.line(f"not confirmed: best {found.score:.6g} ({commit}{fresh}), {figures}")
        output.note("that score is what chose it, perhaps by luck; run again to judge it afresh")
    else:
        output.line(f"no separation: best {found.score:.6g} ({commit}{fresh}), {figures}")
    if elsewhere := judged_elsewhere(session, found.best):
        output.warn(f"best: {elsewhere}")


def how_to_keep(swarm: Swarm) -> str:
    """How the best individual gets into the user's repository, from here."""
    from evogit.errors import PreconditionError
    from evogit.steering.target import source_of

    try:
        source_of(swarm)
    except PreconditionError:
        return "evogit sync, here and where evogit init was run, then evogit promote best there"
    return "evogit promote best"
