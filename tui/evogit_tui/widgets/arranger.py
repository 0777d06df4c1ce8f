"""Arranges the lines of the graph in the background, without taking the whole machine for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.message import Message
from textual.timer import Timer

from evogit.errors import EvoGitError
from evogit.ids import CommitId
from evogit_tui.model import Facts
from evogit_tui.rows import Arrangement, Shape, arrange, dead_root, living

if TYPE_CHECKING:
    from evogit_tui.views.base import View

_LEISURE: Final = 5.0
"""After arranging for a second, rest for that many: news of a busy swarm come twice a second."""


class Arranged(Message):
    """Lines are ready; ``arrangement`` is ``None`` if that failed, which was reported."""

    def __init__(self, shape: Shape, arrangement: Arrangement | None, seconds: float) -> None:
        super().__init__()
        self.shape = shape
        self.arrangement = arrangement
        self.seconds = seconds


class Rooted(Message):
    """Where the dead lineage begins that is to be folded; ``None`` if it is alive."""

    def __init__(self, root: CommitId | None) -> None:
        super().__init__()
        self.root = root


class Arranger:
    """Turns wishes into ``Arranged`` messages to a view, one at a time, the newest wish last.

    All methods are called on the UI thread.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._wish: tuple[Facts, Shape] | None = None
        self._busy = False
        self._pause: Timer | None = None
        self._shape: Shape | None = None
        self._rested = 0.0

    def wish(self, facts: Facts, shape: Shape) -> None:
        """Ask for the lines of a shape; soon if the shape is another one, else after a rest."""
        hurry = shape != self._shape
        self._wish, self._shape = (facts, shape), shape
        rest = 0.0 if hurry else self._rested - time.monotonic()
        if self._busy or (self._pause is not None and not hurry):
            return
        if rest > 0:
            self._pause = self._view.set_timer(rest, self._start)
        else:
            self._start()

    def _start(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self._wish is None:
            return
        self._busy = True
        (facts, shape), self._wish = self._wish, None
        self._view.run_worker(
            lambda: self._work(facts, shape), thread=True, group="arrange", exit_on_error=False
        )

    def _work(self, facts: Facts, shape: Shape) -> None:
        start, found = time.monotonic(), None
        try:
            found = arrange(self._view.model.phylogeny, facts, shape)
        except EvoGitError as error:
            self._view.evogit.report_trouble(error)
        self._view.post_message(Arranged(shape, found, time.monotonic() - start))

    def done(self, message: Arranged) -> bool:
        """Go on with the next wish; whether these lines are still wanted."""
        self._busy = False
        self._rested = time.monotonic() + _LEISURE * message.seconds
        if self._wish is not None:
            self.wish(*self._wish)
        return message.arrangement is not None and message.shape == self._shape

    def find_root(self, facts: Facts, commit: CommitId) -> None:
        """Find out where the dead lineage of an individual begins; answered by ``Rooted``."""
        self._view.run_worker(
            lambda: self._climb(facts, commit), thread=True, group="fold", exclusive=True
        )

    def _climb(self, facts: Facts, commit: CommitId) -> None:
        phylogeny = self._view.model.phylogeny
        root = dead_root(phylogeny, living(phylogeny, facts), phylogeny.index(commit))
        self._view.post_message(Rooted(None if root is None else phylogeny.commit(root)))
