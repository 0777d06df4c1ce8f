#!/usr/bin/env python3
"""Draw docs/tui-*.svg: the terminal UI on a swarm that `evogit demo` really evolved.

.venv/bin/python scripts/screenshots.py [SECONDS | FOLDER]

A folder is a finished demo (``<folder>/online-bin-packing``); decisions are added to it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit_tui import exporting
from evogit_tui.app import EvoGitApp
from evogit_tui.model import Model
from evogit_tui.options import Options

ROOT: Final = Path(__file__).resolve().parent.parent
SIZE: Final = (150, 38)
SHOTS: Final[dict[str, tuple[str, ...]]] = {
    "phylogeny": ("b",),
    "population": ("2",),
    "lineage": ("b", "3"),
    "diff": ("b", "4", "W", "vertical_line"),
    "agents": ("5",),
    "operations": ("6",),
    "search": ("slash", *"merge", "enter"),
}
"""Picture to the keys that lead to it from the first view."""


def demo(folder: Path, seconds: str) -> Path:
    """Evolve something; the folder of its repository."""
    command = [
        sys.executable,
        "-m",
        "evogit.cli",
        "-q",
        "demo",
        str(folder),
        "--time",
        f"{seconds}s",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "online-bin-packing"


def open_session(home: Path) -> Session:
    """What ``evogit tui`` would work with, started in ``home``."""
    return Session(Output(Manner(), os.environ), home, {**os.environ, "EVOGIT_USER": "ada"})


def steer(session: Session) -> None:
    """Decide what a human might decide, so that there is something to see."""
    phylogeny, desk = session.phylogeny, session.desk
    if desk.operations():  # a finished demo on which this was done before
        return
    best, second = (phylogeny.commit(row) for row in phylogeny.best(2))
    tips = [phylogeny.commit(row) for row in phylogeny.population() if row]
    worst = min(tips, key=lambda commit: phylogeny.fitness(phylogeny.index(commit)))
    desk.tag(best, "v1")
    desk.pin([second])
    desk.feedback([best], "Simplify the nested conditions; keep the threshold.")
    desk.prune([worst])
    desk.undo()
    desk.pause(["a4"])


async def draw(home: Path, name: str, keys: tuple[str, ...]) -> None:
    """Draw one picture."""
    app = EvoGitApp(Model(open_session(home)), Options(sync=0))
    async with app.run_test(size=SIZE) as pilot:
        await _settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await _settled(app, pilot)
        picture = exporting.render(exporting.record(app), "svg", f"evogit tui: {name}")
    (ROOT / "docs" / f"tui-{name}.svg").write_bytes(picture)


async def _settled(app: EvoGitApp, pilot: Pilot[None]) -> None:
    end = time.monotonic() + 30
    quiet = 0
    while quiet < 3 and time.monotonic() < end:
        await pilot.pause(0.15)
        busy = [w for w in app.workers if w.is_running and w.group != "watch"]
        quiet = 0 if busy or app.model.facts is None or not app.clerk.idle else quiet + 1


def main() -> None:
    """Evolve, decide, draw."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "60"
    with tempfile.TemporaryDirectory() as folder:
        if wanted.isdigit():
            home = demo(Path(folder), wanted)
        else:
            home = Path(wanted, "online-bin-packing")
        steer(open_session(home))
        for name, keys in SHOTS.items():
            asyncio.run(draw(home, name, keys))


if __name__ == "__main__":
    main()
