"""From the spec to who proposes and who is asked: agents, and oracles with their bill."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from evogit.evolve.allowance import Allowance
from evogit.evolve.billing import Bill
from evogit.evolve.budget import SwarmBudget
from evogit.oracle import Oracle, OracleKind
from evogit.plugins import load
from evogit.proposals import Agent, AgentKind, Setup
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from evogit.evolve.assembly import Bench, Plan

_ORACLE: Final = "models"


def agent_maker(
    bench: Bench, plan: Plan, folder: Path, stop: threading.Event
) -> Callable[[int], Agent]:
    """Makes the agent of a number; kinds are dealt in turn.

    Raises:
        ConfigError: a kind is not installed, or the settings do not say enough for it.
        PreconditionError: something that it needs is not installed.
    """
    kinds = plan.kinds or bench.spec.settings.search.agents

    def hire(kind: str) -> Callable[[], Agent]:
        name, _, argument = kind.partition(":")
        setup = _setup(bench, plan, folder, stop, argument)
        return cast("AgentKind", load("evogit.agents", name))(setup)

    makers = {kind: hire(kind) for kind in dict.fromkeys(kinds)}
    return lambda number: makers[kinds[number % len(kinds)]]()


def open_bill(
    bench: Bench,
    plan: Plan,
    journal: Journal,
    allowance: Allowance,
    budget: SwarmBudget,
    stop: threading.Event,
) -> Bill:
    """Who pays for what evaluators ask; nothing is opened before the first question."""

    def oracle(model: str) -> Oracle:
        setup = _setup(bench, plan, Path("/nonexistent"), stop, model)
        return cast("OracleKind", load("evogit.oracles", _ORACLE))(setup, model)

    return Bill(oracle, bench.phylogeny, journal, allowance, budget, plan.redactor, stop)


def _setup(bench: Bench, plan: Plan, folder: Path, stop: threading.Event, argument: str) -> Setup:
    return Setup(
        argument=argument,
        settings=bench.spec.settings,
        environment=plan.environment,
        redactor=plan.redactor,
        folder=folder,
        own=plan.own,
        stop=stop,
        sandbox=bench.sandbox,
        runtime=bench.runtime,
    )
