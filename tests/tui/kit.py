"""Runs the application without a terminal, reads its screen, and compares it with golden files.

``EVOGIT_GOLDENS=write pytest tests/tui`` writes the golden files anew; look at them before you commit.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.tui.world import World
from textual import events
from textual.pilot import Pilot

from evogit_tui.actions.keys import full_name
from evogit_tui.app import EvoGitApp
from evogit_tui.options import Options

GOLDENS: Final = Path(__file__).with_name("goldens")
SIZES: Final = ((80, 24), (120, 40), (200, 60))
_DEADLINE: Final = 30.0
_GOLDEN_DEADLINE: Final = 5.0
_LONG: Final = frozenset({"watch"})
_QUIET: Final = 0.12
"""Longer than widgets wait before they read what they show."""


@asynccontextmanager
async def running(
    world: World,
    size: tuple[int, int] = (120, 40),
    options: Options | None = None,
    *,
    at_rest: bool = True,
) -> AsyncGenerator[tuple[EvoGitApp, Pilot[None]]]:
    """The application on a world, loaded and drawn; use it inside ``asyncio.run``.

    Beside a swarm that runs it never comes to rest.
    """
    app = EvoGitApp(world.model(), options or Options(sync=0))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.model.facts is not None)
        if at_rest:
            await settled(pilot)
        yield app, pilot


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Wait for something to hold; fails after half a minute, showing the screen."""
    end = time.monotonic() + _DEADLINE
    while not holds():
        assert time.monotonic() < end, f"waited in vain on:\n{screen_text(pilot.app)}"
        await pilot.pause(0.005)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing but the watching thread is at work, for as long as widgets hold back."""

    def idle() -> bool:
        assert isinstance(pilot.app, EvoGitApp)
        working = [w for w in pilot.app.workers if w.is_running and w.group not in _LONG]
        return pilot.app.clerk.idle and not working and _is_drawn(pilot.app)

    end = time.monotonic() + _DEADLINE
    since = time.monotonic()
    while time.monotonic() - since < _QUIET:
        # Not pilot.pause(): that waits for an idle process, and the watching thread is never idle.
        await pilot.pause(0.01)
        if not idle():
            since = time.monotonic()
        assert time.monotonic() < end, f"never came to rest:\n{screen_text(pilot.app)}"


def _is_drawn(app: EvoGitApp) -> bool:
    compositor = app.screen._compositor  # pyright: ignore[reportPrivateUsage]
    return app.screen.is_running and compositor.size == app.size


def screen_text(app: object) -> str:
    """What the screen shows, line by line, without colours and trailing blanks."""
    assert isinstance(app, EvoGitApp)
    compositor = app.screen._compositor  # pyright: ignore[reportPrivateUsage]
    strips = compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


async def check_golden(app: EvoGitApp, name: str) -> None:
    """Wait for the screen to be ``goldens/<name>-<width>x<height>.txt``; fails with the difference."""
    width, height = app.size
    path = GOLDENS / f"{name}-{width}x{height}.txt"
    if os.environ.get("EVOGIT_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        await asyncio.sleep(1)  # there is nothing yet to wait for
        path.write_text(screen_text(app), "utf-8")
    assert path.exists(), f"{path.name} is missing: run with EVOGIT_GOLDENS=write and look at it"
    wanted, end = path.read_text("utf-8"), time.monotonic() + _GOLDEN_DEADLINE
    while (found := screen_text(app)) != wanted and time.monotonic() < end:
        await asyncio.sleep(0.05)
    lines = difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), "golden", "seen", "", "", 0
    )
    assert found == wanted, "\n".join(lines)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after another, each when the one before had its effect."""
    for key in keys:
        send(pilot, key)
        await settled(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type characters into what has the focus."""
    for character in text:
        send(pilot, character)
    await settled(pilot)


def send(pilot: Pilot[None], key: str) -> None:
    """Press one key and do not wait."""
    # Not pilot.press(): it waits for an idle process, too.
    character = key if len(key) == 1 else None
    pilot.app.post_message(events.Key("space" if key == " " else full_name(key), character))


def said(app: EvoGitApp) -> str:
    """All notifications that are on the screen."""
    shown = app._notifications  # pyright: ignore[reportPrivateUsage]
    return "\n".join(notification.message for notification in shown)


async def hears(pilot: Pilot[None], words: str) -> None:
    """Wait until a notification says this."""
    app = pilot.app
    assert isinstance(app, EvoGitApp)
    await until(pilot, lambda: words in said(app))
