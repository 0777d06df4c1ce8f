"""Which remote a clone exchanges with, and how long git may take: remembered in its configuration."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from evogit.errors import UserError
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

ORIGIN: Final = "origin"
TIMEOUT: Final = 300.0
_TIMEOUT: Final = "evogit.syncTimeout"
"""Our own git configuration key: what a human said instead of ``TIMEOUT``."""


def remote_url(swarm: Swarm) -> str:
    """The URL of the swarm's remote; empty if it has none."""
    return swarm.setting(f"remote.{ORIGIN}.url")


def set_remote(swarm: Swarm, url: str) -> None:
    """Remember the URL of the swarm's remote.

    Raises:
        UserError: see ``checked_url``.
    """
    swarm.configure(f"remote.{ORIGIN}.url", checked_url(url))


def sync_timeout(swarm: Swarm) -> float:
    """Seconds after which one call of git in an exchange is given up."""
    try:
        found = float(swarm.setting(_TIMEOUT))
    except ValueError:
        return TIMEOUT
    return found if 0 < found < math.inf else TIMEOUT


def set_sync_timeout(swarm: Swarm, seconds: float) -> None:
    """Remember how long one call of git in an exchange may take.

    Raises:
        UserError: that is no time at all.
    """
    if not 0 < seconds < math.inf:
        raise UserError("an exchange needs some time", hint="such as 10m")
    swarm.configure(_TIMEOUT, f"{seconds:g}")


def checked_url(url: str) -> str:
    """A URL that may be given to git; a local path is made absolute.

    Raises:
        UserError: it is empty, starts with ``-``, or names a helper program (``ext::``).
    """
    if not url or url.startswith("-") or "::" in url or clean_line(url, 2000) != url:
        raise UserError(f"{clean_line(url, 80)!r} is not a usable git URL")
    local = Path(url).expanduser()
    return str(local.resolve()) if local.exists() else url
