"""A model without a provider: it answers from a list, a function or a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

from evogit.errors import ConfigError
from evogit.records import Spend
from evogit_agents.models.model import Message, ModelError, Reply
from evogit_agents.models.tokens import count_messages, count_text

MAX_SCRIPT_BYTES: Final = 16 * 2**20

Answer = str | ModelError
Script = Callable[[Sequence[Message], int], Answer]
"""From the conversation and the number of the question, from 0, to an answer, or to the error that
is raised instead."""


class ScriptedModel:
    """Answers what it was told to: for tests, demonstrations and dry runs. Deterministic.

    Args:
        answers: what it says in turn, over and over; or a function that says it.
        name: as in ``[[models]]``.
        context: tokens of prompt and answer together.
        max_tokens: tokens of one answer; a longer one is cut and says so.
        price: USD for a million tokens of prompt and of answer.
    """

    def __init__(
        self,
        answers: Sequence[Answer] | Script,
        *,
        name: str = "scripted",
        context: int = 8192,
        max_tokens: int = 2048,
        price: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.name = name
        self.context = context
        self.max_tokens = max_tokens
        self._price = price
        self._script = answers if callable(answers) else _in_turn(tuple(answers))
        self._lock = threading.Lock()
        self._asked: list[tuple[Message, ...]] = []

    @property
    def asked(self) -> Sequence[tuple[Message, ...]]:
        """The conversations so far, in the order they came."""
        return tuple(self._asked)

    def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Reply:
        """The next answer; see ``LanguageModel``. The script is called by one thread at a time."""
        del seed
        with self._lock:
            number = len(self._asked)
            self._asked.append(tuple(messages))
            answer = self._script(messages, number)
        if isinstance(answer, ModelError):
            raise answer
        most = min(max_tokens or self.max_tokens, self.max_tokens)
        text, whole = _cut(answer, most)
        spend = self.price(self.count(messages), min(count_text(text), most))
        if not text.strip():
            raise ModelError(f"{self.name}: the answer is empty", kind="empty", spend=spend)
        return Reply(text, spend, "stop" if whole else "length", self.name, 0.0)

    def count(self, messages: Sequence[Message]) -> int:
        """See ``LanguageModel``."""
        return count_messages(messages)

    def price(self, tokens_in: int, tokens_out: int) -> Spend:
        """See ``LanguageModel``."""
        each_in, each_out = self._price
        usd = (tokens_in * each_in + tokens_out * each_out) / 1e6
        return Spend(tokens_in, tokens_out, usd)


def read_script(path: Path) -> tuple[str, ...]:
    """The answers in a JSON file that holds a list of texts.

    Raises:
        ConfigError: it can not be read, is larger than 16 MiB, or holds anything else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
        found: object = json.loads(data) if len(data) <= MAX_SCRIPT_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the script {str(path)!r} can not be read: {error}") from error
    items = cast("list[object]", found) if isinstance(found, list) else []
    texts = tuple(item for item in items if isinstance(item, str))
    if not texts or len(texts) != len(items):
        raise ConfigError(f"the script {str(path)!r} is not a JSON list of texts")
    return texts


def _in_turn(answers: tuple[Answer, ...]) -> Script:
    return lambda _messages, number: answers[number % len(answers)]


def _cut(text: str, tokens: int) -> tuple[str, bool]:
    """The longest beginning of so many tokens, by the estimate, and whether that is all of it."""
    if count_text(text) <= tokens:
        return text, True
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_text(text[:middle]) <= tokens else (low, middle - 1)
    return text[:low], False
