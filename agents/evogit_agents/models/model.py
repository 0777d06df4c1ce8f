"""The contract between what asks a language model and what answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from evogit.errors import EvoGitError
from evogit.records import Spend

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "other"]
Failure = Literal[
    "busy",  # the provider asks to come back later (429, 529)
    "down",  # it can not be reached, or fails by itself (5xx)
    "auth",  # the key is missing, wrong or has no access to the model
    "context",  # the prompt does not fit
    "refused",  # it will not answer this prompt, or does not understand the request
    "empty",  # an answer without text
    "malformed",  # an answer that is not what the protocol says, or is too large
    "timeout",  # no whole answer within the time limit
    "forbidden",  # real requests are switched off in this process
]

HOPELESS: Final[frozenset[Failure]] = frozenset({"auth", "forbidden"})
"""No later step can do better: the agent should end."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered. All of ``text`` is from outside: data, never instructions.

    Args:
        text: as the model wrote it, except that what is no Unicode text became U+FFFD. Never blank.
        spend: what it cost by the provider's own count, by ours where that is missing or absurd.
        finish: why it ended; ``length`` means that it was cut at ``max_tokens``.
        model: as the provider calls what answered; cleaned, one line.
        seconds: from the question to the last byte, with waiting for a turn.
        note: something about the bill that a human should know; mostly empty.
    """

    text: str
    spend: Spend
    finish: Finish
    model: str
    seconds: float
    note: str = ""


class ModelError(EvoGitError):
    """There is no answer.

    Args:
        message: one clean sentence: which model, what happened.
        kind: what kind of failure it is.
        pause: seconds after which another try may succeed; 0 if there is no need to wait.
        stop: whether no further try can succeed. True for the kinds in ``HOPELESS``, and after the
            same failure many times in a row.
        spend: what it cost all the same. Where nobody can know, as after a timeout, the worst case.
        hint: what the reader can do.
    """

    code = "model"

    def __init__(
        self,
        message: str,
        *,
        kind: Failure,
        pause: float = 0.0,
        stop: bool = False,
        spend: Spend = Spend(),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: Failure = kind
        self.pause = pause
        self.stop = stop or kind in HOPELESS
        self.spend = spend


class LanguageModel(Protocol):
    """A model that can be asked. Thread-safe: all agents of a worker share one instance."""

    @property
    def name(self) -> str:
        """Its name in ``[[models]]``."""
        ...

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together, at most."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of one answer, at most."""
        ...

    def ask(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Reply:
        """One question, one answer. Waits for its turn, then at most the model's time limit.

        Args:
            messages: the conversation; not empty.
            max_tokens: of the answer; the model's own limit if that is less.
            seed: handed to providers that know it.

        Raises:
            ModelError: no answer. The question was billed at most once.
        """
        ...

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, estimated: for usual text and code not fewer than there are."""
        ...

    def price(self, tokens_in: int, tokens_out: int) -> Spend:
        """What so many tokens of prompt and answer cost. Never negative."""
        ...
