"""Whether this process may ask real models: the one switch, looked at before every request."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from evogit_agents.models.model import ModelError

_LOCK: Final = threading.Lock()
_reasons: list[str] = []


@contextmanager
def forbidden(reason: str) -> Generator[None]:
    """Let every request of every thread fail with ``ModelError`` of kind ``forbidden`` meanwhile.

    Args:
        reason: why, as a clause: "a swarm is being replayed".
    """
    with _LOCK:
        _reasons.append(reason)
    try:
        yield
    finally:
        with _LOCK:
            _reasons.remove(reason)


@contextmanager
def allowed() -> Generator[None]:
    """Lift all that ``forbidden`` said meanwhile; for tests that ask a server of their own."""
    with _LOCK:
        before, _reasons[:] = list(_reasons), []
    try:
        yield
    finally:
        with _LOCK:
            _reasons[:] = before


def check(name: str) -> None:
    """Do nothing if the model called ``name`` may be asked.

    Raises:
        ModelError: of kind ``forbidden``.
    """
    with _LOCK:
        reason = _reasons[-1] if _reasons else ""
    if reason:
        raise ModelError(f"{name} was not asked: {reason}", kind="forbidden")
