"""Two hundred decisions by keys while eight agents evolve in another process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.tui.kit import running, said, send, until
from tests.tui.world import World, copy_world
from textual.pilot import Pilot
from textual.widgets import Input

from evogit.cli import trusting
from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit.git.program import run_git
from evogit.ids import JOURNALS, CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Decision
from evogit.steering.state import derive
from evogit.swarm.journal import entries
from evogit_tui.app import EvoGitApp
from evogit_tui.dialogs.confirm import Confirm
from evogit_tui.dialogs.promote import PromoteDialog
from evogit_tui.dialogs.text import TextDialog
from evogit_tui.options import Options

DECISIONS = 200
PROMOTED = 3


class LiveWorld(World):
    """The same world, seen with a clock that goes."""

    def session(self) -> Session:
        return Session(Output(Manner(), os.environ), self.root, os.environ)


@contextmanager
def swarm_of_eight(world: World) -> Generator[subprocess.Popen[bytes]]:
    """``evogit run -n 8`` in a process of its own, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evogit.cli", "run", "-n", "8", "--json", "--max-time", "580s"],
        cwd=world.root,
        env={**os.environ, "EVOGIT_TRUST": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def fingerprint(root: Path) -> str:
    """Everything of the user's repository but the branches that promotions made and their objects."""
    digest = hashlib.sha256()
    git = root / ".git"
    refs = run_git(git, "for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
    digest.update("\n".join(ref for ref in refs if "refs/heads/evogit/" not in ref).encode())
    names = ["HEAD", "index", "config", "info/exclude", "ORIG_HEAD", "FETCH_HEAD", "packed-refs"]
    files = [git / name for name in names]
    files += [path for path in sorted(root.rglob("*")) if ".git" not in path.parts]
    for path in files:
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


async def soon(holds: Callable[[], object]) -> None:
    """As ``until``, but without waiting for what is drawn."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


class Human:
    """Decides by keys, and remembers what the swarm should look like then."""

    def __init__(self, app: EvoGitApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.made: list[str] = []
        self.stack: list[str] = []
        """Verbs that hold, oldest first."""
        self.undone: list[str] = []

    async def live(self) -> None:
        """Decide until enough was decided."""
        steps = self._steps()
        await self._resume()
        while len(self.made) < DECISIONS - 3:
            await getattr(self, f"_{next(steps)}")()
        await self._resume()
        await self._pause()
        while not await self._pruned():
            pass

    def _steps(self) -> Iterator[str]:
        for _ in range(PROMOTED):
            yield from ("promote", "feedback", "goal", "prune", "undo", "redo", "undo", "pause")
            yield from ("resume", "pin", "undo", "redo")
        while True:
            yield from ("prune", "feedback", "undo", "undo", "redo", "undo", "goal", "undo", "redo")
            yield from ("pause", "resume")

    async def _decided(self, verb: str) -> None:
        """Wait until the decision is in the journal."""
        self.made.append(verb)
        await soon(lambda: len(self._mine()) >= len(self.made))
        assert self._mine() == self.made, said(self.app)
        await soon(lambda: self.app.clerk.idle)

    def _mine(self) -> list[str]:
        found = self.app.model.phylogeny.decisions
        return [d.verb for _, d in found if d.by == "ada" and d.time > self.since]

    since = 0.0

    async def _opened(self, kind: type[object]) -> None:
        await soon(lambda: isinstance(self.app.screen, kind) and self.app.screen.focused)

    def _tip(self) -> CommitId:
        """An agent's tip that is neither the best nor dear."""
        facts, phylogeny = self.app.model.facts, self.app.model.phylogeny
        assert facts is not None
        dear = {facts.best, *facts.pinned, *facts.promoted, 0}
        tips = sorted(row for row in facts.tips.values() if row not in dear)
        alive = [row for row in tips if not phylogeny.pruned(row) and not phylogeny.children(row)]
        return phylogeny.commit(alive[len(self.made) % len(alive)] if alive else tips[0])

    async def _prune(self) -> None:
        if not await self._pruned():
            await self._feedback()

    async def _pruned(self) -> bool:
        """Prune a tip, unless it became the best meanwhile."""
        self.app.point_at(self._tip())
        self.app.action_act("prune")
        await self._opened(Confirm)
        if self.app.screen.query(Input):
            send(self.pilot, "escape")
            await soon(lambda: not isinstance(self.app.screen, Confirm))
            return False
        send(self.pilot, "y")
        await self._new("prune")
        return True

    async def _new(self, verb: str) -> None:
        await self._decided(verb)
        self.stack.append(verb)

    async def _promote(self) -> None:
        send(self.pilot, "b")
        send(self.pilot, "P")
        await self._opened(PromoteDialog)
        # Named, because the best may stand on a branch of ours already.
        for key in ("ctrl+u", "ctrl+k", *f"evogit/take{len(self.made)}"):
            send(self.pilot, key)
        send(self.pilot, "enter")
        await soon(lambda: not isinstance(self.app.screen, PromoteDialog))
        await self._new("promote")

    async def _feedback(self) -> None:
        send(self.pilot, "b")
        send(self.pilot, "f")
        await self._opened(TextDialog)
        for character in f"try {len(self.made)}":
            send(self.pilot, character)
        send(self.pilot, "ctrl+s")
        await self._new("feedback")

    async def _goal(self) -> None:
        send(self.pilot, "e")
        await self._opened(TextDialog)
        for character in str(len(self.made)):
            send(self.pilot, character)
        send(self.pilot, "ctrl+s")
        await self._new("goal")

    async def _pin(self) -> None:
        self.app.point_at(self._tip())
        send(self.pilot, "p")
        await self._new("pin")

    async def _pause(self) -> None:
        self.app.point_at(self._tip())
        self.app.action_act("pause")
        await self._new("pause")

    async def _resume(self) -> None:
        facts = self.app.model.facts
        assert facts is not None
        desk = self.app.model.desk
        self.app.clerk.decide("resuming", desk.resume, "all go on")
        await self._new("resume")

    async def _undo(self) -> None:
        send(self.pilot, "z")
        await self._opened(Confirm)
        send(self.pilot, "y")
        await self._decided("undo")
        self.undone.append(self.stack.pop())

    async def _redo(self) -> None:
        send(self.pilot, "Z")
        await self._opened(Confirm)
        send(self.pilot, "y")
        await self._decided("redo")
        self.stack.append(self.undone.pop())


def attempts(world: World) -> list[Attempt]:
    """What all agents did, in order of time."""
    git = world.swarm.git
    found = [
        entry.record
        for tip in git.refs_under(JOURNALS).values()
        for entry in entries(git, tip)
        if isinstance(entry.record, Attempt)
    ]
    return sorted(found, key=lambda attempt: attempt.time)


def disobedient(world: World, phylogeny: Phylogeny, decided: list[Decision]) -> list[str]:
    """Agents that took more than the step that was under way after they were told otherwise."""
    found: list[str] = []
    done = attempts(world)
    for place, decision in enumerate(decided):
        end = decided[place + 1].time if place + 1 < len(decided) else float("inf")
        during = [a for a in done if decision.time < a.time - a.seconds and a.time < end]
        for agent in {attempt.agent for attempt in during}:
            mine = [attempt for attempt in during if attempt.agent == agent]
            late = [a for a in mine if _against(phylogeny, decision, a)]
            if len(late) > 1:
                found.append(f"{agent} made {len(late)} steps after {decision.verb}")
    return found


def _against(phylogeny: Phylogeny, decision: Decision, attempt: Attempt) -> bool:
    if decision.verb == "pause":
        return attempt.agent in decision.target.split(",")
    if decision.verb != "prune":
        return False
    root = phylogeny.index(decision.selects[0])
    return any(phylogeny.is_ancestor(root, phylogeny.index(p)) for p in attempt.parents)


@pytest.fixture
def quick_folder(tmp_path: Path) -> Generator[Path]:
    """A folder in memory, if there is one: what is tested here is not how fast a disk syncs."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_human_decides_two_hundred_times_beside_eight_agents(
    template: World, quick_folder: Path
) -> None:
    world = copy_world(template, quick_folder / "project")
    live = LiveWorld(world.root, world.ids)
    config = world.root / "evogit.toml"
    config.write_text(config.read_text().replace("evaluations = 1000", "evaluations = 100000"))
    session = live.session()
    trusting.store(session).trust(session.swarm.path, trusting.content_digest(session.swarm))
    before, started = fingerprint(world.root), time.time()
    humans: list[Human] = []

    async def scenario() -> None:
        async with running(live, (100, 30), Options(sync=0), at_rest=False) as (
            app,
            pilot,
        ):
            await until(pilot, lambda: app.model.facts and app.model.facts.individuals > 45)
            human = Human(app, pilot)
            human.since = started
            humans.append(human)
            await human.live()
            last = len(app.model.phylogeny)
            await until(pilot, lambda: len(app.model.phylogeny) > last + 16)

    with swarm_of_eight(world) as process:
        asyncio.run(scenario())
        assert process.poll() is None
    check(live, humans[0], started)
    assert fingerprint(world.root) == before


def check(world: World, human: Human, started: float) -> None:
    """Nothing is lost, and what is there is what the operations add up to."""
    session = world.session()
    phylogeny = session.phylogeny
    decisions = [(entry, d) for entry, d in phylogeny.decisions if d.time > started]
    assert [d.verb for _, d in decisions] == human.made
    assert len(decisions) == DECISIONS
    steering = derive(phylogeny.decisions)
    held = [d.verb for _, d in steering.active if d.time > started]
    assert sorted(held) == sorted(human.stack)
    goals = [d.text for _, d in steering.active if d.verb == "goal"]
    assert session.swarm.spec().settings.goal.text == goals[-1]
    for promotion in steering.promotions:
        at = run_git(world.root / ".git", "rev-parse", promotion.ref).decode().strip()
        assert at == promotion.commit
    assert phylogeny.problems == []
    assert disobedient(world, phylogeny, [d for _, d in decisions]) == []
