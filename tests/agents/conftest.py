"""No test here asks a real model, except one that asks for it to ask a server of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evogit_agents.models import live


@pytest.fixture(autouse=True)
def _no_live_models() -> Iterator[None]:
    with live.forbidden("tests ask no real models"):
        yield


@pytest.fixture
def live_models() -> Iterator[None]:
    """Lets a test ask the server that it has started on loopback."""
    with live.allowed():
        yield
