"""What an evaluator may ask a language model: the contract between the judge and who answers.

Found through the entry points ``evogit.oracles``. The kernel knows no model library; an oracle is
asked by trusted code only, and what candidates want to ask passes through that code.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from evogit.evolve.spending import added
from evogit.records import Spend

if TYPE_CHECKING:
    from evogit.proposals import Setup


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, or in ``problem`` why it said nothing; and what that cost."""

    text: str
    spend: Spend = Spend()
    problem: str = ""


class Oracle(Protocol):
    """Answers questions. Thread-safe."""

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        """One answer of at most ``max_tokens``. Failures are answers with a ``problem``."""
        ...

    def room(self, max_tokens: int) -> int:
        """How many characters of a prompt surely fit beside an answer of ``max_tokens``."""
        ...

    def worst_case(self, prompt: str, max_tokens: int) -> Spend:
        """An upper bound of what asking that would cost, the system's text left out."""
        ...


class OracleKind(Protocol):
    """What an entry point of ``evogit.oracles`` names."""

    def __call__(self, setup: Setup, model: str) -> Oracle:
        """An oracle that asks the model of that name.

        Raises:
            ConfigError: the settings do not say enough, such as the model's price.
        """
        ...


class Meter:
    """The oracle of one evaluation: counts what it cost and keeps what was said. Thread-safe.

    Args:
        oracle: gives the answers.
        redact: takes secrets out of what is sent.
    """

    def __init__(self, oracle: Oracle, redact: Callable[[str], str]) -> None:
        self._oracle = oracle
        self._redact = redact
        self._lock = threading.Lock()
        self.spend = Spend()
        self.transcript: list[tuple[str, Answer]] = []

    def room(self, max_tokens: int) -> int:
        """See ``Oracle.room``."""
        return self._oracle.room(max_tokens)

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        """One answer; see ``Oracle.ask``."""
        sent = self._redact(prompt)
        answer = self._oracle.ask(system, sent, max_tokens)
        with self._lock:
            self.spend = added(self.spend, answer.spend)
            self.transcript.append((sent, answer))
        return answer
