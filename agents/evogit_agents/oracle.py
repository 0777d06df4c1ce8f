"""What evaluators ask language models, answered by those of ``[[models]]``."""

from __future__ import annotations

from typing import Final

from evogit.oracle import Answer, Oracle
from evogit.proposals import Setup
from evogit.records import Spend
from evogit_agents.models.model import Failure, LanguageModel, Message, ModelError
from evogit_agents.models.opening import open_models

_SYSTEM_TOKENS = 400
"""More than any system text of the kernel has."""
_CHARACTERS = 2
"""Of a token, at least, in usual text; the estimate of tokens is made from above."""
_DOWN: Final[frozenset[Failure]] = frozenset({"busy", "down", "auth", "timeout", "forbidden"})
"""Trouble of the provider, whatever was asked."""


class ModelOracle:
    """An oracle that asks one model, once. Thread-safe as the model is.

    Args:
        model: answers.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        """See ``evogit.oracle.Oracle``; a prompt that does not fit is cut at its end."""
        most = min(max_tokens, self._model.max_tokens)
        messages = [Message("system", system), Message("user", self._fitting(prompt, most))]
        try:
            reply = self._model.ask(messages, max_tokens=most)
        except ModelError as error:
            return _unanswered(error)
        return Answer(reply.text, reply.spend)

    def room(self, max_tokens: int) -> int:
        """See ``evogit.oracle.Oracle``."""
        most = min(max_tokens, self._model.max_tokens)
        return max(self._model.context - most - _SYSTEM_TOKENS, 0) * _CHARACTERS

    def worst_case(self, prompt: str, max_tokens: int) -> Spend:
        """See ``evogit.oracle.Oracle``."""
        most = min(max_tokens, self._model.max_tokens)
        room = self._model.context - most
        tokens = self._model.count([Message("user", prompt)]) + _SYSTEM_TOKENS
        return self._model.price(min(tokens, room), most)

    def _fitting(self, prompt: str, max_tokens: int) -> str:
        room = self._model.context - max_tokens - _SYSTEM_TOKENS
        while prompt and self._model.count([Message("user", prompt)]) > room:
            prompt = prompt[: len(prompt) * 3 // 4]
        return prompt


def _unanswered(error: ModelError) -> Answer:
    if not error.stop and error.kind not in _DOWN:
        return Answer("", error.spend, error.message)
    pause = None if error.stop else error.pause
    return Answer("", error.spend, error.message, down=error.message, pause=pause)


def oracle(setup: Setup, model: str) -> Oracle:
    """The oracle kind ``models``: one model of ``[[models]]``.

    Raises:
        ConfigError: there is no such model, or its price or key is not known.
        PreconditionError: it needs a package that is not installed.
    """
    return ModelOracle(open_models(setup, [model])[0])
