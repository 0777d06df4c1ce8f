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
from evogit.plugins import Plugin, find, load
from evogit.proposals import Agent, AgentKind, Setup
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from evogit.evolve.assembly import Bench, Plan

_AGENTS: Final = "evogit.agents"
_ORACLE: Final = "models"


def agent_maker(
    bench: Bench, plan: Plan, folder: Path, stop: threading.Event
) -> Callable[[int], Agent]:
    """Makes the agent of a number; kinds are dealt in turn.

    Raises:
        NotFoundError: a kind is not installed.
        ConfigError: it can not be loaded, or the settings do not say enough for it.
        PreconditionError: something that it needs is not installed.
        EvaluatorError: it fails.
    """
    kinds = plan.kinds or bench.spec.settings.search.agents

    def hire(kind: str) -> Callable[[], Agent]:
        name, _, argument = kind.partition(":")
        return open_kind(name, _setup(bench, plan, folder, stop, argument))

    makers = {kind: hire(kind) for kind in dict.fromkeys(kinds)}
    return lambda number: makers[kinds[number % len(kinds)]]()


def open_kind(name: str, setup: Setup) -> Callable[[], Agent]:
    """A maker of the agents of a kind; it raises EvaluatorError if what it makes is no agent.

    Raises:
        NotFoundError: no installed package registers the kind.
        ConfigError: it can not be loaded, or the settings do not say enough for it.
        PreconditionError: something that it needs is not installed.
        EvaluatorError: it fails, or returns no maker.
    """
    plugin, kind = Plugin(_AGENTS, find(_AGENTS, name)), load(_AGENTS, name)
    if not callable(kind):
        raise plugin.broken("it can not be called")
    with plugin.running("making it"):
        maker: object = cast("AgentKind", kind)(setup)
    if not callable(maker):
        raise plugin.broken(f"it returned {type(maker).__name__}, not a maker of agents")
    make = cast("Callable[[], object]", maker)
    return lambda: _hired(plugin, make)


def _hired(plugin: Plugin, make: Callable[[], object]) -> Agent:
    with plugin.running("making an agent"):
        agent = make()
    for method in ("propose", "worst_case"):
        if not callable(getattr(agent, method, None)):
            raise plugin.broken(f"what it makes has no {method}")
    return cast("Agent", agent)


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
