"""Exchanging with the swarm's remote beside the UI, on one schedule with the clone's workers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.swarm.repository import Swarm
from evogit.sync.background import BackgroundSync
from evogit.sync.remote import ORIGIN, remote_url
from evogit.text import clean_line
from evogit_tui.alerts import SyncState

_DAY: Final = 86400
_UNITS: Final = (
    (100, 1, "s"),
    (99 * 60, 60, "m"),
    (2 * _DAY, 3600, "h"),
    (999 * _DAY, _DAY, "d"),
)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How the exchange goes.

    Args:
        state: ``off`` without a remote or when not wanted, ``waiting`` before the first one.
        last: when the last exchange began, by this process or a worker; 0 for never.
        trouble: what went wrong in the last one, in one line.
    """

    state: SyncState = "off"
    last: float = 0.0
    trouble: str = ""

    def words(self, now: float) -> str:
        """What the status line says; empty if there is nothing to say."""
        if self.state == "off":
            return ""
        if self.state == "failing":
            return f"offline {ORIGIN}" if self.trouble.startswith("sync:") else f"refused {ORIGIN}"
        return f"synced {ago(now - self.last)} ago {ORIGIN}" if self.last else f"syncing {ORIGIN}"


class Exchange:
    """Starts an exchange when one is due. Call ``tick`` now and then from one thread.

    Args:
        swarm: the clone.
        every: seconds between exchanges; 0 for never.
    """

    def __init__(self, swarm: Swarm, every: float) -> None:
        self._swarm = swarm
        self._every = every
        self._stamp = swarm.private / "synced"
        self._background = BackgroundSync(swarm, lambda _: None, every=every) if every > 0 else None

    def tick(self) -> Exchanged:
        """Start an exchange in the background if one is due; how things stand."""
        if self._background is None or not remote_url(self._swarm):
            return Exchanged()
        last = _time_of(self._stamp)
        try:
            self._background.tick()
        except OSError as error:  # a swarm that this person may only read
            return Exchanged("failing", last, clean_line(f"sync: {error}", 200))
        problems = self._background.problems
        if problems:
            return Exchanged("failing", last, clean_line(min(problems), 200))
        return Exchanged("working" if self._background.exchanged else "waiting", last)


def _time_of(stamp: Path) -> float:
    try:
        return stamp.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def ago(seconds: float) -> str:
    """A duration in one short word: ``4 s``, ``16 m``, ``3 h``, ``2 d``, ``5 y``."""
    seconds = max(seconds, 0.0)
    for limit, unit, name in _UNITS:
        if seconds < limit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds // (365 * _DAY))} y"
