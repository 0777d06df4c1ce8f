"""What a step of a coding agent may cost: told to the tool, watched while it runs, reserved before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from evogit.config.models import Budget, LanguageModel
from evogit.errors import ConfigError
from evogit.records import Spend
from evogit_agents.command.record import Record
from evogit_agents.command.usage import Said
from evogit_agents.models.prices import Price, listed

HEADROOM: Final = 0.8
"""Of the cap, what the tool is told and at what it is ended: calls under way can not be recalled."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that one step may cost, and the model's price if it is known.

    ``fixed``: the price is the user's own, which goes before dollars that a tool names: for a model
    on her own server those are a guess.
    """

    worst: Spend
    price: Price | None
    fixed: bool = False

    @property
    def told_usd(self) -> float:
        """What the tool is told that it may spend."""
        return round(self.worst.cost_usd * HEADROOM, 6)

    @property
    def told_tokens(self) -> int:
        """Tokens at which it is ended."""
        return int(self.worst.tokens_in * HEADROOM)

    def believed(self, said: Said) -> Said:
        """What a tool says of itself, without its dollars where its tokens and a fixed price tell."""
        told = said.tokens_in is not None or said.tokens_out is not None
        return replace(said, cost_usd=None) if self.fixed and told else said

    def reached(self, said: Said) -> bool:
        """Whether what a tool says of itself so far is as much as it was told."""
        if not self.worst.tokens_in:
            return False
        tokens_in, tokens_out = int(said.tokens_in or 0), int(said.tokens_out or 0)
        cost = said.cost_usd or 0.0
        if self.price is not None:
            cost = max(cost, self.price.usd(tokens_in, tokens_out))
        return tokens_in + tokens_out >= self.told_tokens or cost > self.told_usd


def price_of(model: LanguageModel | None) -> Price | None:
    """A model's price, from the settings or litellm's table; ``None`` if it is not known."""
    if model is None:
        return None
    if model.price is not None:
        return Price(model.price[0] / 1e6, model.price[1] / 1e6)
    return listed(model.model).price


def caps(kind: str, record: Record, model: LanguageModel | None, budget: Budget) -> Caps:
    """What a step of this tool with this model may cost.

    Raises:
        ConfigError: it may spend, and nothing says how much at most.
    """
    price = price_of(model)
    if record.free:
        return Caps(Spend(), price)
    dearest = max(price.prompt, price.answer) if price is not None else None
    tokens, cost = budget.step_tokens, budget.step_cost_usd
    if tokens is None:
        raise _unlimited(kind, "step_tokens")
    if cost is None:
        if dearest is None:
            raise _unlimited(kind, "step_cost_usd")
        cost = tokens * dearest
    fixed = model is not None and model.price is not None
    return Caps(Spend(tokens, 0, cost), price, fixed)


def _unlimited(kind: str, key: str) -> ConfigError:
    return ConfigError(
        f"{kind} spends as it likes, and budget.{key} does not say how much a step may cost",
        hint="set step_tokens and step_cost_usd in [budget]; step_tokens alone is enough with a "
        "model whose price is known: command:TOOL:MODEL, with MODEL from [[models]]",
    )
