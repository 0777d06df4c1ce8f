"""The agent that asks language models for offspring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from evogit.errors import ConfigError
from evogit.proposals import RESOLVE, Agent, Arm, Genome, NoProposal, Proposal, Setup, Task
from evogit.records import Spend
from evogit.redact import Redactor
from evogit_agents.llm.asking import CALLS, carry_out
from evogit_agents.llm.ground import Ground, prompt_tokens
from evogit_agents.llm.lint import Lint
from evogit_agents.llm.operators import (
    CONFLICTS,
    CROSSOVERS,
    MUTATIONS,
    OPERATORS,
    SELDOM,
    Operator,
)
from evogit_agents.llm.templates import Templates
from evogit_agents.models.model import LanguageModel
from evogit_agents.models.opening import open_models

_SELDOM: Final = 0.05
"""How often a step may be one of the operators that leave the parent behind."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the ``llm`` agents of one worker share.

    Args:
        models: to choose among; at least one.
        operators: by model's name, those it is used for; a model that is missing: all.
        templates: the prompts.
        redactor: takes secrets out of what is sent.
        lint: says what a linter says.
        better: ``higher`` or ``lower``: which scores are.
    """

    models: Sequence[LanguageModel]
    operators: Mapping[str, Sequence[str]]
    templates: Templates
    redactor: Redactor
    lint: Callable[[Genome, str], str]
    better: str


class LlmAgent:
    """Asks a model for a change, in one of several forms, and applies it exactly or not at all.

    The step's wish (``mutate``, ``cross``) leaves operators and models to choose among; what was
    worth its cost before is preferred (``Past.choose``). The same task and the same answers give
    the same proposal.
    """

    kind = "llm"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def worst_case(self) -> Spend:
        """Two calls with the longest prompt and answer, of the model where that is the most."""
        found = [_worst(model) for model in self._tools.models]
        return Spend(
            max(one.tokens_in for one in found),
            max(one.tokens_out for one in found),
            max(one.cost_usd for one in found),
        )

    def propose(self, task: Task) -> Proposal | NoProposal:
        """One offspring by an operator that applies, or why there is none."""
        if not task.parents:
            return NoProposal(task.operator, "there is no parent to change")
        if task.operator == "cross" and len(task.parents) > 1:
            arms = self._arms(CROSSOVERS)
            if arms:
                made = self._try(task, arms)
                if made is not None:
                    return made
        seldom = SELDOM if task.random.random() < _SELDOM else {}
        return self._try(task, self._arms(MUTATIONS | seldom)) or NoProposal(
            task.operator, "no operator of these models applies to any editable file"
        )

    def resolve(self, task: Task) -> Proposal | NoProposal:
        """The merged content of the files in conflict; see ``Resolver``."""
        made = self._try(task, self._arms(CONFLICTS))
        return made or NoProposal(RESOLVE, "no model can decide these conflicts")

    def _arms(self, operators: Mapping[str, Operator]) -> list[Arm]:
        tools = self._tools
        return [
            Arm(operator, model.name)
            for operator in operators
            for model in tools.models
            if operator in (tools.operators.get(model.name) or OPERATORS)
        ]

    def _try(self, task: Task, arms: list[Arm]) -> Proposal | NoProposal | None:
        """Carry out the first arm chosen that applies; ``None`` if none does."""
        models = {model.name: model for model in self._tools.models}
        # Each arm has a chance of its own: what it does must not depend on those tried before it.
        chance = task.random.getrandbits(64)
        while arms:
            arm = task.past.choose(arms, Random(f"{chance} {len(arms)}"))
            own = Random(f"{chance} {arm.operator} {arm.model}")
            ground = self._ground(replace(task, random=own), models[arm.model])
            try:
                order = OPERATORS[arm.operator](ground)
                if not isinstance(order, str):
                    return carry_out(ground, order)
            except ConfigError as error:  # a prompt of the user's
                return NoProposal(arm.operator, error.message, arm.model, stop=True)
            arms = [other for other in arms if other != arm]
        return None

    def _ground(self, task: Task, model: LanguageModel) -> Ground:
        tools = self._tools
        return Ground(task, model, tools.templates, tools.redactor, tools.lint, tools.better)


def _worst(model: LanguageModel) -> Spend:
    # A prompt is counted by an estimate; a quarter more is room for text that it does not fit.
    prompt = min(prompt_tokens(model) * 5 // 4, model.context)
    return model.price(CALLS * prompt, CALLS * model.max_tokens)


def llm(setup: Setup) -> Callable[[], Agent]:
    """The agent kind ``llm``: with all models of the spec, or ``llm:NAME`` with one of them.

    Raises:
        ConfigError: there is no such model, one is set up wrongly, or a prompt of the user's is no
            template.
    """
    tools = equip(setup, open_models(setup, (setup.argument,) if setup.argument else ()))
    return lambda: LlmAgent(tools)


def equip(setup: Setup, models: Sequence[LanguageModel]) -> Tools:
    """What agents share that ask these models, whatever answers for them.

    Raises:
        ConfigError: as ``llm``, but for the models.
    """
    return Tools(
        models=models,
        operators=_operators(setup),
        templates=Templates(setup.own / "prompts"),
        redactor=setup.redactor,
        lint=Lint(setup.sandbox, setup.folder),
        better="higher" if setup.settings.evaluate.direction == "maximize" else "lower",
    )


def _operators(setup: Setup) -> dict[str, tuple[str, ...]]:
    wanted = {model.name: model.operators for model in setup.settings.models}
    for name, operators in wanted.items():
        strange = [operator for operator in operators if operator not in OPERATORS]
        if strange:
            raise ConfigError(
                f"model {name!r} is to be used for {strange[0]!r}, which is no operator",
                hint=f"operators are {', '.join(OPERATORS)}",
            )
    return wanted
