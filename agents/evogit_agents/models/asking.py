"""A model at a provider: turns, limits, and the bill; how bytes travel is somebody else's matter."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Semaphore
from typing import Final

from evogit.config import model as config
from evogit.records import Spend
from evogit.redact import PLAIN, Redactor
from evogit.text import clean_line
from evogit_agents.models import live
from evogit_agents.models.answer import Answer
from evogit_agents.models.deadline import SLICE, Deadline
from evogit_agents.models.gate import Closed, Gate
from evogit_agents.models.model import Message, ModelError, Reply
from evogit_agents.models.prices import Price
from evogit_agents.models.tokens import count_messages, count_text
from evogit_agents.models.trouble import NOTHING, Trouble, Usage


@dataclass(frozen=True, slots=True)
class Question:
    """What one call sends."""

    messages: Sequence[Message]
    max_tokens: int
    seed: int | None


Exchange = Callable[[Question, Deadline], Answer]
"""Sends one question and reads the answer, once, within the deadline. Raises ``Trouble``."""

_CLAIM: Final = 2
"""An answer whose provider does not count may be estimated at so many times its limit; more is a
provider that ignores the limit."""


_MOST_SHOWN: Final = 10**18


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for a model, with defaults filled in."""

    context: int
    max_tokens: int
    price: Price


class AskedModel:
    """A ``LanguageModel`` that asks through an ``Exchange``. Thread-safe.

    Args:
        settings: its table in ``[[models]]``.
        limits: its context, longest answer and price.
        exchange: how it is asked.
        gate: shared with all models of the same endpoint.
        stop: ends waiting.
        redactor: for what providers say in errors; some repeat the key.
    """

    def __init__(
        self,
        settings: config.LanguageModel,
        limits: Limits,
        exchange: Exchange,
        gate: Gate,
        stop: Event,
        redactor: Redactor = PLAIN,
    ) -> None:
        self.name = settings.name
        self.context = limits.context
        self.max_tokens = limits.max_tokens
        self._price = limits.price
        self._timeout = settings.timeout
        self._slots = Semaphore(settings.parallel)
        self._exchange = exchange
        self._gate = gate
        self._stop = stop
        self._redactor = redactor
        self._said = "it failed before"

    def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Reply:
        """See ``LanguageModel``."""
        live.check(self.name)
        most = min(max_tokens or self.max_tokens, self.max_tokens)
        started = time.monotonic()
        with self._turn():
            begun = self._gate.enter()
            if isinstance(begun, Closed):
                raise self._held_back(begun)
            try:
                question = Question(messages, most, seed)
                answer = self._exchange(question, Deadline(self._timeout, self._stop))
            except Trouble as trouble:
                closed = self._gate.failed(trouble.kind, begun, trouble.after)
                raise self._error(trouble, closed, messages, most) from trouble
        self._gate.succeeded()
        spend, note = self._bill(answer.usage, messages, most, answer.text)
        model = answer.model or self.name
        return Reply(answer.text, spend, answer.finish, model, time.monotonic() - started, note)

    def count(self, messages: Sequence[Message]) -> int:
        """See ``LanguageModel``."""
        return count_messages(messages)

    def price(self, tokens_in: int, tokens_out: int) -> Spend:
        """See ``LanguageModel``."""
        return Spend(tokens_in, tokens_out, self._price.usd(tokens_in, tokens_out))

    @contextmanager
    def _turn(self) -> Generator[None]:
        while not self._slots.acquire(timeout=SLICE):
            if self._stop.is_set():
                raise ModelError(f"{self.name} was not asked: the run ends", kind="timeout")
        try:
            yield
        finally:
            self._slots.release()

    def _held_back(self, closed: Closed) -> ModelError:
        if closed.forever:
            text = f"{self.name} is not asked again: it failed {closed.failures} times in a row"
            return ModelError(text, kind="down", stop=True)
        text = f"{self.name}: {self._said} (not asked for {closed.seconds:.0f} s)"
        return ModelError(text, kind="busy", pause=closed.seconds)

    def _error(
        self, trouble: Trouble, closed: Closed, messages: Sequence[Message], most: int
    ) -> ModelError:
        said = self._said = clean_line(self._redactor.text(trouble.message), 300)
        hint = f" ({trouble.hint})" if trouble.stop and trouble.hint else ""
        row = f" ({closed.failures} failures in a row)" if closed.failures > 1 else ""
        if trouble.billed is None:
            spend = self.price(self.count(messages), most)
        elif trouble.billed == NOTHING:
            spend = Spend()
        else:
            spend, _ = self._bill(trouble.billed, messages, most, "")
        return ModelError(
            f"{self.name}: {said}{row}{hint}",
            kind=trouble.kind,
            pause=closed.seconds,
            stop=trouble.stop or closed.forever,
            spend=spend,
            hint=trouble.hint,
        )

    def _bill(
        self, usage: Usage, messages: Sequence[Message], most: int, text: str
    ) -> tuple[Spend, str]:
        """What the provider counts if that can be, else what we count; and what is odd about it."""
        estimate = self.count(messages)
        written = count_text(text)
        own = written if written > _CLAIM * most else min(written, most)
        tokens_in = self._believed(usage.tokens_in, least=1)
        tokens_out = self._believed(usage.tokens_out, least=1 if text else 0)
        real_in = estimate if tokens_in is None else tokens_in
        real_out = own if tokens_out is None else tokens_out
        odd: list[str] = []
        if usage.tokens_in is not None and tokens_in is None:
            odd.append(f"it claims {_shown(usage.tokens_in)} tokens of prompt")
        if usage.tokens_out is not None and tokens_out is None:
            odd.append(f"it claims {_shown(usage.tokens_out)} tokens of answer")
        if real_in > estimate:
            odd.append(f"{real_in} tokens of prompt, {estimate} were expected")
        if real_out > most:
            odd.append(f"{real_out} tokens of answer, {most} were asked for")
        return self.price(real_in, real_out), "; ".join(odd)

    def _believed(self, tokens: int | None, *, least: int) -> int | None:
        """A figure that can be true: not more than the context holds, and not nothing for something."""
        return tokens if tokens is not None and least <= tokens <= self.context else None


def _shown(tokens: int) -> str:
    """A number that may be too large for a float, or for ``str``."""
    return f"{tokens:.3g}" if abs(tokens) <= _MOST_SHOWN else "impossibly many"
