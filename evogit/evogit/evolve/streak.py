"""How an agent's newest steps ended: how many in a row were in vain, at what cost, and why."""

from __future__ import annotations

from typing import Final

from evogit.evolve.offspring import Made
from evogit.evolve.spending import FREE
from evogit.evolve.unfinished import FRUITLESS
from evogit.proposals import MERGE

_FRUITLESS_PAID: Final = 50
"""As ``FRUITLESS``, for steps that cost something: a model that repeats itself must not run up a bill."""
_TOLD_PAID: Final = 10
"""After so many of them a human is told."""


class Streak:
    """Counts an agent's steps without a new tree. Not thread-safe.

    Args:
        name: the agent's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps = 0
        self._paid = 0
        self._reason = ""
        self._made_any = False
        self._found_any = False
        self._failed_any = False
        self._unable = False
        self._told = False

    def count(self, made: Made) -> None:
        """Take in how a step ended."""
        by_agent = made.operator != MERGE  # merges are the kernel's, and say nothing about it
        known = made.duplicate_of is not None
        self._found_any |= made.commit is not None or (by_agent and known)
        self._failed_any |= by_agent and made.commit is None and not known
        if made.commit is not None:
            self._steps = self._paid = 0
            self._made_any, self._told = True, False
        else:
            self._steps += 1
            self._paid += made.spend != FREE
            self._reason = made.reason if by_agent or not self._reason else self._reason
            self._unable |= made.stop

    @property
    def end(self) -> str:
        """Why an agent should make no more steps, in words; empty if nothing says so."""
        if self._steps >= FRUITLESS:
            return f"{self._name} made no new tree in {FRUITLESS} steps, the last: {self._reason}"
        return self._in_vain(_FRUITLESS_PAID) if self._paid >= _FRUITLESS_PAID else ""

    @property
    def gave_up(self) -> bool:
        """Whether an agent that ended could not work, or never made anything of what it cost.

        One that costs nothing and merely made known trees did all that there is to do.
        """
        in_vain = self._steps >= FRUITLESS and self._failed_any and not self._found_any
        return self._unable or in_vain or (self._paid >= _FRUITLESS_PAID and not self._made_any)

    def news(self, made: Made) -> str:
        """What a human should be told of a step in vain, who may mend it: once until an offspring."""
        if self._paid == _TOLD_PAID:
            self._told = True
            return self._in_vain(_TOLD_PAID)
        first, self._told = not self._told, self._told or made.pause > 0
        return made.reason if first and made.pause > 0 else ""

    def _in_vain(self, steps: int) -> str:
        return f"{self._name} paid for {steps} steps in a row without a new tree; the last: {self._reason}"
