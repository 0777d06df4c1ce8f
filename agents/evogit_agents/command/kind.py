"""The agent kind ``command``: ``command:TOOL``, or ``command:TOOL:MODEL`` with a model of the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from evogit.config.models import Budget
from evogit.errors import EvoGitError
from evogit.proposals import Agent, Offer, Setup
from evogit_agents.command import record as records
from evogit_agents.command.agent import CommandAgent
from evogit_agents.command.tool import RECORDS, make_ready


class CommandKind:
    """Makes agents of coding agents, and says which of them are to be had here.

    Implements ``evogit.proposals.DescribedKind``.
    """

    def __call__(self, setup: Setup) -> Callable[[], Agent]:
        """A maker of agents that run the tool in ``setup.argument``; tries it once.

        Raises:
            NotFoundError: there is no record of that name.
            ConfigError: the record is wrong, or a model, a key or a cap is missing.
            PreconditionError: the tool is not installed, or does not run in the sandbox.
            EvaluatorError: no sandbox for it works here.
        """
        return partial(CommandAgent, make_ready(setup))

    def offers(self, setup: Setup) -> Sequence[Offer]:
        """Each tool with a record, tried in the sandbox; see ``DescribedKind``."""
        own = setup.own / RECORDS
        wanted = [setup.argument] if setup.argument else records.names(own)
        return [_offer(replace(setup, argument=name)) for name in wanted]


def _offer(setup: Setup) -> Offer:
    name, own = setup.argument.partition(":")[0], setup.own / RECORDS
    kind = f"command:{setup.argument}"
    text, _ = records.text_of(name, own)
    summary = ""
    try:
        summary = records.load(name, own).summary
        tool = make_ready(_with_caps(setup))
    except EvoGitError as error:
        reason = f"{error.message} ({error.hint})" if error.hint else error.message
        return Offer(kind, summary, works=False, reason=reason, record=text)
    command = (str(tool.program.path), *tool.command("{prompt}", ["{files}"]))
    return Offer(
        kind,
        summary,
        works=True,
        version=tool.version,
        command=command,
        variables=tuple(sorted(tool.variables)),
        record=text,
    )


def _with_caps(setup: Setup) -> Setup:
    """Without caps a tool may not run, but whether it could has nothing to do with them."""
    budget = setup.settings.budget
    some = Budget(
        step_tokens=budget.step_tokens or 1_000_000, step_cost_usd=budget.step_cost_usd or 1.0
    )
    return replace(setup, settings=setup.settings.model_copy(update={"budget": some}))
