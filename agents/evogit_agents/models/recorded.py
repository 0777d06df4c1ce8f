"""A model that answers what a journal says it answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from evogit.records import Spend
from evogit_agents.models.model import Finish, Message, ModelError, Reply
from evogit_agents.models.tokens import count_messages

_MOST_CALLS: Final = 100
_FINISHES: Final[dict[str, Finish]] = {"length": "length", "other": "other"}


@dataclass(frozen=True, slots=True)
class Call:
    """One question and its answer, as the artefacts of an attempt hold them.

    ``text`` is ``None`` where no answer came.
    """

    prompt: bytes
    text: str | None
    finish: Finish = "stop"


def read_calls(artefacts: Mapping[str, bytes]) -> list[Call]:
    """The calls of an attempt in order; empty if it asked no model.

    Their artefacts are ``prompt.json``, ``response.txt`` and ``answer.json``, and for the second
    call ``prompt-2.json`` and so on.
    """
    found: list[Call] = []
    for number in range(1, _MOST_CALLS):
        suffix = f"-{number}" if number > 1 else ""
        prompt = artefacts.get(f"prompt{suffix}.json")
        if prompt is None:
            break
        text = artefacts.get(f"response{suffix}.txt")
        finish = _finish(artefacts.get(f"answer{suffix}.json", b"{}"))
        found.append(
            Call(prompt, None if text is None else text.decode("utf-8", "replace"), finish)
        )
    return found


def _finish(data: bytes) -> Finish:
    try:
        facts: object = json.loads(data)
    except (ValueError, RecursionError):
        return "stop"
    said = cast("dict[str, object]", facts).get("finish") if isinstance(facts, dict) else None
    return _FINISHES.get(str(said), "stop")


class RecordedModel:
    """Answers one attempt's questions in their order, whatever is asked. For one thread.

    Args:
        name: as in ``[[models]]``.
        context: tokens of prompt and answer together.
        max_tokens: tokens of one answer.
        calls: what was asked and answered.
        spend: what all of them cost; the last answer brings it.
    """

    def __init__(
        self, name: str, context: int, max_tokens: int, calls: Sequence[Call], spend: Spend
    ) -> None:
        self.name = name
        self.context = context
        self.max_tokens = max_tokens
        self._calls = calls
        self._spend = spend
        self._asked = 0

    def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Reply:
        """The next recorded answer; see ``LanguageModel``.

        Raises:
            ModelError: none came then either, or none is left.
        """
        del messages, max_tokens, seed
        call = self._calls[self._asked] if self._asked < len(self._calls) else None
        self._asked += 1
        spend = self._spend if self._asked == len(self._calls) else Spend()
        if call is None or call.text is None:
            raise ModelError(f"{self.name}: no answer is recorded", kind="empty", spend=spend)
        return Reply(call.text, spend, call.finish, self.name, 0.0)

    def count(self, messages: Sequence[Message]) -> int:
        """See ``LanguageModel``."""
        return count_messages(messages)

    def price(self, tokens_in: int, tokens_out: int) -> Spend:
        """Tokens only: nothing is paid again."""
        return Spend(tokens_in, tokens_out)
