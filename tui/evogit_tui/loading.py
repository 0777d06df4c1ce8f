"""Opens the phylogeny of a big swarm without freezing the screen.

What is newest is there at once. Without a cache to open, a process of its own reads the whole
history and writes the cache, because a thread that computes for seconds would make every key wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evogit.git.repository import GitRepository
from evogit.ids import TreeId
from evogit.phylogeny import cache
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.newest import Newest

if TYPE_CHECKING:
    from evogit.cli.session import Session

SHOWN_AT_ONCE: Final = 500
_POLL: Final = 0.02
_DIRECTIONS: Final = {"maximize": True, "minimize": False}


class Loader:
    """Opens one session's phylogeny, once.

    ``open`` belongs to the watching thread; ``stop`` and ``loading`` may be used by any.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stopped = threading.Event()
        self._opened = False
        self.loading = False
        """Whether a big history is being read right now."""

    @property
    def _cache(self) -> Path:
        return self._session.swarm.private / "phylogeny.cache"

    def stop(self) -> bool:
        """Stop reading a big history; false if none is being read."""
        if not self.loading:
            return False
        self._stopped.set()
        return True

    def open(self, show: Callable[[Newest], None]) -> bool:
        """Open the phylogeny if it is not open yet; false if that was stopped.

        Args:
            show: called with the newest individuals if the rest will take a while.

        Raises:
            EvoGitError: there is no swarm, or git can not read it.
        """
        if self._opened:
            return True
        if not self._at_hand():
            newest = self._newest()
            if not newest.whole:
                self._stopped.clear()
                self.loading = True
                try:
                    show(newest)
                    if not self._build():
                        return False
                finally:
                    self.loading = False
        _ = self._session.phylogeny
        self._opened = True
        return True

    def _at_hand(self) -> bool:
        session = self._session
        identity = [session.swarm.base, session.spec.evaluator, session.environment_digest]
        return cache.fits(self._cache, identity)

    def _newest(self) -> Newest:
        session = self._session
        return Newest(
            session.swarm.git,
            evaluator=session.spec.evaluator,
            environment=session.environment_digest,
            maximize=session.maximize,
            count=SHOWN_AT_ONCE,
        )

    def _build(self) -> bool:
        """Let another process write the cache; false if that was stopped.

        If it fails, or may not write there, the history is read in this process after all: slower
        to look at, but with the proper error if there is one.
        """
        if not os.access(self._cache.parent, os.W_OK):
            return True
        with subprocess.Popen(  # noqa: S603  # ourselves
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._session.swarm.path,
        ) as process:
            while process.poll() is None:
                if self._stopped.wait(_POLL):
                    process.kill()
                    return False
        return True

    def _command(self) -> list[str]:
        # -P: a folder named like one of our packages must not be imported from where we stand.
        session = self._session
        return [
            sys.executable,
            "-P",
            "-m",
            "evogit_tui.loading",
            str(session.swarm.path),
            session.spec.evaluator,
            session.environment_digest,
            session.spec.settings.evaluate.direction,
            str(self._cache),
        ]


def write_cache(swarm: str, evaluator: str, environment: str, direction: str, path: str) -> None:
    """What the other process does."""
    Phylogeny(
        GitRepository(Path(swarm)),
        evaluator=TreeId(evaluator),
        environment=environment,
        maximize=_DIRECTIONS[direction],
        cache=Path(path),
    ).save()


if __name__ == "__main__":
    write_cache(*sys.argv[1:])
