"""What an agent made and nobody has judged yet: judged in order, beside the agent if it asks ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Docket:
    """The cases of one agent, each to be called once, in order. Used by the agent's thread alone.

    What a case raises is told at once, and raised in the agent's thread when that waits for it.

    Args:
        name: of the thread that calls them; there is none before the first case.
        ahead: how many may wait for their verdict while the agent makes another one. With 0 there
            is no thread: a case is called where it is added.
        failed: is told what a case raised, in that thread.
    """

    def __init__(self, name: str, ahead: int, failed: Callable[[BaseException], None]) -> None:
        self._ahead = ahead
        self._failed = failed
        self._pool = ThreadPoolExecutor(1, name) if ahead else None
        self._cases = deque[Future[None]]()

    def add(self, case: Callable[[], None]) -> None:
        """Have a case called; on return not more of them wait than may."""
        if self._pool is None:
            case()
            return
        future = self._pool.submit(case)
        future.add_done_callback(self._tell)
        self._cases.append(future)
        while self._cases and (len(self._cases) > self._ahead or self._cases[0].done()):
            self.settle_oldest()

    def settle_oldest(self) -> bool:
        """Wait for the oldest case; false if there was none."""
        if self._cases:
            self._cases.popleft().result()
            return True
        return False

    def drain(self) -> None:
        """Wait for all cases."""
        while self.settle_oldest():
            pass

    def close(self) -> None:
        """End the thread: the case that it is at is waited for, later ones are dropped. Idempotent."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _tell(self, case: Future[None]) -> None:
        error = None if case.cancelled() else case.exception()
        if error is not None:
            self._failed(error)
