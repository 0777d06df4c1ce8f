"""The swarm that tests of the terminal UI look at, with nothing of this machine's configuration."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.tui.world import World, copy_world, make_world


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        ours = name.startswith(("EVOGIT", "GIT_", "XDG_", "TEXTUAL"))
        if (ours and name != "EVOGIT_GOLDENS") or name in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("EVOGIT_USER", "ada")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world nobody writes to."""
    return make_world(tmp_path_factory.mktemp("world") / "project")


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    """A copy of the small swarm of its own."""
    return copy_world(template, tmp_path / "project")
