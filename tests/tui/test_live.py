"""What happens while one looks: alerts, the hook, the bell, and exchanging with other hosts."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tests.tui.kit import running, screen_text, settled, until
from tests.tui.terminal import Terminal
from tests.tui.world import HOSTILE, NOW, World

from evogit.ids import HEADS
from evogit.outcome import Scored
from evogit.records import Evaluation, Lease
from evogit.swarm.identity import Identity, take_worker
from evogit.swarm.journal import Journal
from evogit.sync.remote import set_remote
from evogit_tui.alerts import Alert
from evogit_tui.herald import notification
from evogit_tui.hook import Hook
from evogit_tui.options import Options
from evogit_tui.widgets.banner import Banner

_DEADLINE = 60.0


def _wait(holds: Callable[[], object]) -> None:
    end = time.monotonic() + _DEADLINE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


class _Worker:
    """A worker that is alive until it is killed, and says only what a test lets it say."""

    def __init__(self, world: World) -> None:
        self._swarm = world.swarm
        self._identity: Identity = take_worker(self._swarm.git, "")
        self._journal = Journal(self._swarm.git, self._identity.name)
        self._journal.append(Lease("worker-start", time=NOW)).result(60)

    def judge(self, world: World, score: float) -> None:
        """Find out that the individual nobody judged yet has this score."""
        commit = world.ids["pending"]
        found = Evaluation(
            commit,
            self._swarm.git.commit(commit).tree,
            self._swarm.spec().evaluator,
            world.session().environment_digest,
            1,
            Scored(score),
            agent="a4",
            time=NOW,
        )
        self._journal.append(found, keep=[commit]).result(60)

    def die(self) -> None:
        """End without a word."""
        self._journal.close()
        self._identity.release()


def test_a_new_best_is_shown_in_a_banner_once(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (100, 30)) as (app, pilot):
            await until(pilot, lambda: app.sentinel.watch.members)
            worker = _Worker(world)
            worker.judge(world, 77.0)  # it descends from a pruned one: no best
            app.look_now()
            await until(pilot, lambda: app.model.facts and app.model.facts.evaluations == 41)
            assert "new best" not in screen_text(app)
            app.model.desk.restore([world.ids["pruned"]])
            app.look_now()
            await until(pilot, lambda: "new best 77, before 39.3" in screen_text(app))
            app.query_one(Banner).hide()
            app.look_now()
            await settled(pilot)
            assert "new best" not in screen_text(app)
            worker.die()
            app.look_now()
            await until(
                pilot, lambda: "error worker w1 died without saying why" in screen_text(app)
            )

    asyncio.run(scenario())


def test_the_gravest_of_several_alerts_is_shown(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (100, 30)) as (app, pilot):
            banner = app.query_one(Banner)
            best = Alert("best", "1" * 40, "new best 2, before 1")
            failing = Alert("failing", "a1", "agent a1 keeps failing", HOSTILE[0])
            banner.tell([best, failing], ascii_only=True)
            await settled(pilot)
            line = screen_text(app).split("\n")[1]
            assert line == " x warning agent a1 keeps failing (and 1 more): tame wild"
            assert banner.hide()
            await settled(pilot)
            assert "keeps failing" not in screen_text(app)
            assert not banner.hide()

    asyncio.run(scenario())


def test_a_notification_holds_nothing_of_what_failed() -> None:
    alert = Alert("failing", "a1", "agent a1 keeps failing; 4;1", f"{HOSTILE[0]}\x07")
    assert notification(alert) == "evogit: agent a1 keeps failing, 4,1"


_HOOK = """
import json, pathlib, sys
event = json.load(sys.stdin)
print("noise"); print("noise", file=sys.stderr)
path = pathlib.Path(sys.argv[1]); path.write_text(path.read_text() + event["about"] + "\\n")
"""


def _hook(tmp_path: Path, text: str) -> tuple[str, ...]:
    script = tmp_path / "hook.py"
    script.write_text(text)
    (tmp_path / "heard").write_text("")
    return (sys.executable, str(script), str(tmp_path / "heard"))


def test_the_hook_hears_of_every_event_in_order(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hook = Hook(_hook(tmp_path, _HOOK), pytest.fail)
    for name in ("one", "two", "three"):
        hook.fire({"about": name})
    _wait(lambda: (tmp_path / "heard").read_text() == "one\ntwo\nthree\n")
    assert capfd.readouterr() == ("", "")


def test_a_hook_that_hangs_blocks_nobody_and_is_killed(tmp_path: Path) -> None:
    hang = "import sys, time, pathlib\npathlib.Path(sys.argv[1]).write_text('x')\ntime.sleep(600)\n"
    hook = Hook(_hook(tmp_path, hang), pytest.fail, seconds=0.5)
    for _ in range(300):  # many more than may wait
        hook.fire({"about": "x"})
    _wait(lambda: (tmp_path / "heard").read_text() == "x")
    (tmp_path / "heard").write_text("")
    _wait(lambda: (tmp_path / "heard").read_text() == "x")
    hook.close()


def test_the_application_leaves_no_process_of_a_hook_behind(tmp_path: Path) -> None:
    hang = "import os, sys, time, pathlib\npathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\ntime.sleep(600)\n"
    hook = Hook(_hook(tmp_path, hang), pytest.fail)
    for _ in range(3):
        hook.fire({"about": "x"})
    _wait(lambda: (tmp_path / "heard").is_file() and (tmp_path / "heard").read_text() != "")
    number = int((tmp_path / "heard").read_text())
    hook.close()
    _wait(lambda: not psutil.pid_exists(number))
    assert (tmp_path / "heard").read_text() == str(number)


def test_a_hook_that_can_not_be_started_is_complained_of_once() -> None:
    said: list[str] = []
    heard = threading.Event()

    def complain(text: str) -> None:
        said.append(text)
        heard.set()

    hook = Hook(("/nowhere/at/all",), complain)
    for _ in range(3):
        hook.fire({})
    assert heard.wait(_DEADLINE)
    _wait(hook.idle)
    assert len(said) == 1
    assert "/nowhere/at/all" in said[0]


def test_an_alert_reaches_hook_bell_and_desktop(world: World, tmp_path: Path) -> None:
    dump = "import pathlib, sys\npathlib.Path(sys.argv[1]).write_text(sys.stdin.read())\n"
    command = json.dumps(_hook(tmp_path, dump))
    settings = tmp_path / "home" / ".config" / "evogit" / "tui.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"hook = {command}\ninterval = 0.2\n")
    worker = _Worker(world)
    with Terminal(world.root, (100, 30)) as terminal:
        terminal.until_shows("41 individuals", "agents run")
        worker.die()
        terminal.until_shows("worker w1 died")
        _wait((tmp_path / "heard").read_text)
        assert b"\x1b]9;evogit: worker w1 died without saying why\x07" in bytes(terminal.raw)
        terminal.press("q")
        assert terminal.end() == 0
    event = json.loads((tmp_path / "heard").read_text())
    assert (event["event"], event["about"], event["severity"]) == ("worker-died", "w1", "error")


def _with_remote(world: World, tmp_path: Path) -> Path:
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    set_remote(world.swarm, str(remote))
    return remote


def test_the_swarm_is_exchanged_in_the_background(world: World, tmp_path: Path) -> None:
    remote = _with_remote(world, tmp_path)

    async def scenario() -> None:
        async with running(world, (160, 30), Options(sync=1.0, interval=0.1)) as (app, pilot):
            await until(pilot, lambda: "ago origin" in screen_text(app))
            await until(pilot, lambda: app.sentinel.watch.exchanged.state == "working")
            shutil.move(remote, tmp_path / "gone")
            await until(pilot, lambda: "offline origin" in screen_text(app))
            # What is said of it comes with a later drawing than the line at the top.
            await until(pilot, lambda: "sync with origin fails" in screen_text(app))
            shutil.move(tmp_path / "gone", remote)
            await until(pilot, lambda: "sync with origin works again" in screen_text(app))

    asyncio.run(scenario())
    refs = subprocess.run(
        ["git", "-C", str(remote), "for-each-ref"], capture_output=True, text=True, check=True
    ).stdout
    assert f"{HEADS}a1" in refs
    assert "refs/evogit/journal/ada" in refs


def test_without_a_remote_nothing_is_said_of_it(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (160, 30), Options(sync=1.0)) as (app, pilot):
            await settled(pilot)
            assert app.sentinel.watch.exchanged.state == "off"
            assert "origin" not in screen_text(app).split("\n")[0]

    asyncio.run(scenario())
