"""What ``evogit.toml`` may say of language models, and of what a swarm may spend."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evogit.config.values import Count, Duration, Model, Name, Number, Text, VariableName

ModelName = Annotated[Text, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


class Asking(Model):
    """A stage that asks a language model, for a comparison or in the candidate's name."""

    model: ModelName
    """One of ``[[models]]``."""
    calls: Annotated[Count, Field(le=1000)] = 4
    """``exchange = "model"``: how many prompts one run may send."""
    votes: Annotated[Count, Field(le=25)] = 1
    """``score = "pairwise"``: how many times each comparison is made, in both orders."""
    max_tokens: Count = 512
    """Tokens of one answer, at most."""


_Money = Annotated[Number, Field(gt=0)]
_Price = Annotated[Number, Field(ge=0)]


class Budget(Model):
    """Limits of the whole swarm, counted from the journals of all workers.

    ``tokens`` and ``cost_usd`` hold for the swarm's whole life, their namesakes for one step (the
    worst that it may cost), one agent, and one day (UTC).
    """

    evaluations: Count | None = None
    seconds: Duration | None = None
    tokens: Count | None = None
    cost_usd: _Money | None = None
    step_tokens: Count | None = None
    step_cost_usd: _Money | None = None
    agent_tokens: Count | None = None
    agent_cost_usd: _Money | None = None
    day_tokens: Count | None = None
    day_cost_usd: _Money | None = None

    def strictest(self, other: Budget) -> Budget:
        """Of each limit the lower one of the two; one that only one of them has counts."""
        said = [found.model_dump(exclude_none=True) for found in (self, other)]
        names = {name for limits in said for name in limits}
        least = {name: min(limits[name] for limits in said if name in limits) for name in names}
        return Budget.model_validate(least)


class LanguageModel(Model):
    """One model that ``llm`` agents may ask; ``[[models]]``."""

    name: ModelName
    """What ``llm:NAME``, trailers and tables call it."""
    model: Name
    """How its provider is addressed, as litellm writes it: ``openai/gpt-5-mini``, ``ollama/qwen3``."""
    client: Literal["litellm", "http", "scripted"] = "litellm"
    """``http``: an OpenAI-compatible endpoint at ``base_url``, without litellm and its start-up time.
    ``scripted``: no model at all, but ``answers`` in turn, over and over; free of charge."""
    answers: tuple[Text, ...] = Field(default=(), max_length=1000)
    """What a ``scripted`` model says."""
    base_url: Text | None = None
    key: VariableName | None = None
    """The environment variable that holds the key; never the key itself."""
    price: tuple[_Price, _Price] | None = None
    """USD for a million tokens of prompt and of answer. Default: litellm's table; a model that is not
    in it is refused."""
    context: Count | None = None
    """Tokens of prompt and answer together. Default: litellm's table, else 8192."""
    max_tokens: Count = 4096
    """Tokens of one answer, at most."""
    temperature: Annotated[Number, Field(ge=0, le=2)] = 0.8
    omit: tuple[Literal["temperature", "max_tokens", "seed"], ...] = ()
    """Parameters that this model's provider refuses."""
    parallel: Count = 8
    """Calls of one worker at the same time."""
    timeout: Duration = 300.0
    """Of one call."""
    operators: tuple[Name, ...] = ()
    """Operators it is used for; empty: all."""

    @model_validator(mode="after")
    def _can_answer(self) -> LanguageModel:
        if (self.client == "scripted") != bool(self.answers):
            raise ValueError('answers and client = "scripted" need each other')
        return self
