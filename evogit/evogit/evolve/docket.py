"""What an agent made and nobody has judged yet: judged in order, whichever thread made it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from threading import Event


class Docket:
    """Lets one thread after the other through, in the order in which they entered.

    Not thread-safe by itself: ``enter`` is called by one thread at a time.

    Args:
        failed: is told what was raised in a place, before the next thread gets in.
    """

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._newest = Event()
        self._newest.set()

    def enter(self) -> AbstractContextManager[None]:
        """A place behind all that entered before, to be used once and by any thread.

        Entering it waits until those before have left, also by an error; leaving lets the next in.
        """
        before, mine = self._newest, Event()
        self._newest = mine
        return self._place(before, mine)

    @contextmanager
    def _place(self, before: Event, mine: Event) -> Generator[None]:
        before.wait()
        try:
            yield
        except BaseException as error:
            self._failed(error)
            raise
        finally:
            mine.set()
