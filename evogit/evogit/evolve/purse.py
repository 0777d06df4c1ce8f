"""What one agent may spend: the worst case of a step is reserved before it, its cost settled after."""

from __future__ import annotations

from collections.abc import Callable

from evogit.evolve.allowance import Allowance
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.events import Kind
from evogit.evolve.spending import FREE, Refusal, exceeds, in_words
from evogit.records import Spend
from evogit.swarm.journal import Journal


class Purse:
    """Reserves and settles, in this invocation and in the swarm. Thread-safe.

    Args:
        agent: whose it is.
        allowance: what this invocation may spend.
        budget: what the swarm may spend.
        journal: where reservations are written.
        clock: seconds since 1970.
        tell: is told what a human should read, and of which kind it is.
    """

    def __init__(
        self,
        agent: str,
        allowance: Allowance,
        budget: SwarmBudget,
        journal: Journal,
        clock: Callable[[], float],
        tell: Callable[[Kind, str], None],
    ) -> None:
        self._agent = agent
        self._allowance = allowance
        self._budget = budget
        self._journal = journal
        self._clock = clock
        self._tell = tell

    def reserve(self, number: int, worst: Spend) -> Refusal | None:
        """Hold the worst case of step ``number``, durably; or say why not, and hold nothing.

        Raises:
            OSError, GitError: the journal could not be written.
        """
        refused = self._allowance.reserve(self._agent, number, worst)
        refused = refused or self._of_swarm(number, worst)
        self._tell_nearly()
        if refused is not None:
            self._allowance.settle(self._agent, number, FREE)
        return refused

    def refusal(self) -> Refusal | None:
        """What forbids a step that costs nothing, if anything does."""
        with self._budget.turn():
            return self._budget.refusal(self._agent, FREE, self._clock())

    def settle(self, number: int, spend: Spend, worst: Spend) -> None:
        """Replace the reservation by what the step cost; more than ``worst`` is told."""
        self._allowance.settle(self._agent, number, spend)
        if exceeds(spend, worst):
            text = f"a step cost {in_words(spend)}, more than the {in_words(worst)} reserved for it"
            self._tell("problem", text)

    def close(self, number: int) -> None:
        """A step holds nothing any more: its attempt is durable, or it failed. From any thread."""
        self._budget.done(self._agent, number)

    def _of_swarm(self, number: int, worst: Spend) -> Refusal | None:
        if not self._budget.limited:
            if worst != FREE:  # no cap to check: so nobody has to wait for their turn
                self._budget.reserve(self._journal, self._agent, number, worst, self._clock())
            return None
        with self._budget.turn():
            now = self._clock()  # not before: waiting for the turn may pass midnight
            refused = self._budget.refusal(self._agent, worst, now)
            if refused is None:
                self._budget.reserve(self._journal, self._agent, number, worst, now)
            return refused

    def _tell_nearly(self) -> None:
        """Tell once of every cap that is nearly spent."""
        found = self._allowance.nearly()
        if self._budget.limited:
            found += self._budget.nearly(self._agent, self._clock())
        for text in found:
            self._tell("warning", text)
