"""What an evaluator may ask a language model: the contract between the judge and who answers.

Found through the entry points ``evogit.oracles``. The kernel knows no model library; an oracle is
asked by trusted code only, and what candidates want to ask passes through that code.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from evogit.errors import EvaluatorError
from evogit.evolve.spending import added, exceeds
from evogit.records import Spend

if TYPE_CHECKING:
    from evogit.proposals import Setup


LONGEST_PROMPT: Final = 64 * 1024
"""Bytes of what a candidate may ask at once."""
_TRIES: Final = 50
"""Of one question; who answers gives up earlier and says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, or in ``problem`` why it said nothing; and what that cost.

    ``down`` says why the model could not be reached: trouble of the provider, which says nothing
    about the question. After ``pause`` seconds another try may help; ``None`` if none can.
    """

    text: str
    spend: Spend = Spend()
    problem: str = ""
    down: str = ""
    pause: float | None = None


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

    Trouble of the provider is waited out. What ``worst`` does not pay for is not asked, so that
    an evaluation that is begun again can not spend twice what was reserved for it.

    Args:
        oracle: gives the answers.
        redact: takes secrets out of what is sent.
        worst: what all questions together may cost; ``None`` is no limit.
        wait: waits so many seconds; false if it is not worth while to ask again.

    ``waited`` are the seconds that it waited.
    """

    def __init__(
        self,
        oracle: Oracle,
        redact: Callable[[str], str],
        worst: Spend | None = None,
        wait: Callable[[float], bool] = lambda _: False,
    ) -> None:
        self._oracle = oracle
        self._redact = redact
        self._worst = worst
        self._wait = wait
        self._lock = threading.Lock()
        self.spend = Spend()
        self.waited = 0.0
        self.transcript: list[tuple[str, Answer]] = []

    def room(self, max_tokens: int) -> int:
        """See ``Oracle.room``."""
        return self._oracle.room(max_tokens)

    def ask(self, system: str, prompt: str, max_tokens: int) -> Answer:
        """One answer; see ``Oracle.ask``."""
        sent = self._sent(prompt)
        answer = self._once(system, sent, max_tokens)
        for _ in range(_TRIES):
            if answer.pause is None or not answer.down or not self._waits(answer.pause):
                break
            answer = self._once(system, sent, max_tokens)
        return answer

    def _sent(self, prompt: str) -> str:
        """A prompt without secrets; their marks make none longer than what was reserved for it."""
        sent = self._redact(prompt)
        longest = max(len(prompt.encode("utf-8", "replace")), LONGEST_PROMPT)
        data = sent.encode("utf-8", "replace")
        return sent if len(data) <= longest else data[:longest].decode("utf-8", "ignore")

    def _once(self, system: str, sent: str, max_tokens: int) -> Answer:
        if not self._affordable(sent, max_tokens):
            spent = "all that was reserved for this evaluation is spent"
            return Answer("", problem=spent, down=spent)
        answer = self._oracle.ask(system, sent, max_tokens)
        with self._lock:
            self.spend = added(self.spend, answer.spend)
            self.transcript.append((sent, answer))
        return answer

    def _affordable(self, sent: str, max_tokens: int) -> bool:
        if self._worst is None:
            return True
        return not exceeds(
            added(self.spend, self._oracle.worst_case(sent, max_tokens)), self._worst
        )

    def _waits(self, seconds: float) -> bool:
        started = time.monotonic()
        again = self._wait(seconds)
        with self._lock:
            self.waited += time.monotonic() - started
        return again


def not_reached(why: str) -> EvaluatorError:
    """The error of whoever needs an answer that the provider does not give."""
    return EvaluatorError(
        f"the model that the evaluator asks gives no answer: {why}",
        hint="mend the key, or wait for the provider; then run again: nobody was judged by this",
    )
