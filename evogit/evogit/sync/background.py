"""Syncing beside a running worker: evaluation never waits for a remote, a failing one stops nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final

import pygit2

from evogit.errors import EvoGitError
from evogit.swarm.repository import Swarm
from evogit.sync.exchange import Synced, sync
from evogit.sync.remote import remote_url

EVERY_SECONDS: Final = 20.0
_LAST_SECONDS: Final = 30.0
"""How long a worker that is done tries to publish its last steps, before it gives up."""


class BackgroundSync:
    """Exchanges a clone's refs with its remote every 20 s, and once more at the end.

    All workers of a clone share one schedule, so that eight of them sync no more often than one.

    Args:
        swarm: the clone; nothing is done while it has no remote.
        tell: gets one line for each new problem, not again until it was gone in between.
        news: gets one line for each piece of news, which is no problem.
        every: seconds between exchanges.
    """

    def __init__(
        self,
        swarm: Swarm,
        tell: Callable[[str], None],
        news: Callable[[str], None] = lambda _: None,
        every: float = EVERY_SECONDS,
    ) -> None:
        self._swarm = swarm
        self._tell = tell
        self._news = news
        self._every = every
        self._told: set[str] = set()
        self._thread: threading.Thread | None = None
        self._looked = 0.0
        self._exchanged = False

    @property
    def problems(self) -> frozenset[str]:
        """What went wrong in the last exchange of this process."""
        return frozenset(self._told)

    @property
    def exchanged(self) -> bool:
        """Whether this process ended an exchange yet."""
        return self._exchanged

    def tick(self) -> None:
        """Start an exchange in a thread of its own if one is due; returns at once."""
        if self._thread is not None and self._thread.is_alive():
            return
        if time.monotonic() - self._looked < min(1.0, self._every):
            return
        self._looked = time.monotonic()
        if self._due():
            self._thread = threading.Thread(
                target=self._exchange, args=(None,), name="sync", daemon=True
            )
            self._thread.start()

    def finish(self) -> None:
        """Exchange a last time, so that others see everything this worker did."""
        if not remote_url(self._swarm):
            return
        if self._thread is not None:
            self._thread.join(_LAST_SECONDS)
            if self._thread.is_alive():
                return
        self._exchange(_LAST_SECONDS)

    def _due(self) -> bool:
        """Whether it is time, by a stamp that all workers of this clone see; takes the turn."""
        if not remote_url(self._swarm):
            return False
        stamp = self._swarm.private / "synced"
        last = stamp.stat().st_mtime if stamp.exists() else 0.0
        now = time.time()
        if 0 <= now - last < self._every:
            return False
        stamp.touch()
        os.utime(stamp, (now, now))
        return True

    def _exchange(self, timeout: float | None) -> None:
        try:
            done = sync(self._swarm, timeout=timeout)
        except (EvoGitError, OSError, pygit2.GitError, KeyError, ValueError) as error:
            # What others published may be anything, and libgit2 stumbles in ways of its own.
            done = Synced(0, 0, (f"sync: {error}",))
        problems = set(done.problems)
        for line in done.news:
            self._news(line)
        for line in sorted(problems - self._told):
            self._tell(line)
        self._told = problems
        self._exchanged = True
