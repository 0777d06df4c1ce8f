"""Workers on one swarm repository, killed with SIGKILL and restarted, until enough was judged.

Nothing acknowledged may be lost, nothing judged twice, stale locks heal without a human,
``git fsck --full`` is clean, no process and no mount is left. Half of the kills fall at a random
time, the others on a chosen step of the write order (``killable.py``), each step in turn.

Run: ``python tests/chaos/kill_workers.py --workers 8 --kills 50 --evaluations 2000``.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from chaos_kit import (
    CONFIG,
    WorkerProcess,
    acknowledged,
    asking_ahead,
    check,
    environment,
    gone,
    make_swarm,
    mounts_with,
    start_worker,
)
from killable import STEPS

from evogit.git.refs import locks
from evogit.swarm.repository import Swarm

KILLABLE = str(Path(__file__).with_name("killable.py"))


class Chaos:
    """The workers of one trial and what became of them."""

    def __init__(self, root: Path, options: argparse.Namespace) -> None:
        self.root = root
        self.swarm: Swarm = make_swarm(root / "user", asking_ahead(CONFIG, options.ahead))
        self.env = environment(root / "home")
        self.options = options
        self.random = random.Random(options.seed)
        self.alive: list[WorkerProcess] = []
        self.all: list[WorkerProcess] = []
        self.kills: Counter[str] = Counter()
        self.locks_left = 0
        self.problems: list[str] = []
        self.planned = list(STEPS) * (options.kills // (2 * len(STEPS)) + 1)

    def start(self, step: str = "") -> None:
        """Start a worker; with ``step`` it kills itself at that step of the write order."""
        env = dict(self.env)
        command: tuple[str, ...] = ("-m", "evogit.cli")
        if step:
            env["CHAOS_STEP"] = f"{step} {self.random.randint(1, 4)}"
            command = (KILLABLE,)
        worker = start_worker(self.root / "user", env, command=command)
        self.alive.append(worker)
        self.all.append(worker)

    def bury(self) -> None:
        """Account for workers that have ended."""
        for worker in [w for w in self.alive if w.process.poll() is not None]:
            self.alive.remove(worker)
            if worker.join() == -signal.SIGKILL:
                self.kills[_last_step(worker)] += 1
                self.locks_left += len(locks(self.swarm.path))
            else:
                self.problems.append(f"a worker ended by itself: {_last_words(worker)}")

    def run(self) -> None:
        """Kill and restart until there were enough kills and evaluations."""
        options = self.options
        while True:
            self.bury()
            killed, judged = sum(self.kills.values()), len(acknowledged(self.all))
            if (killed >= options.kills and judged >= options.evaluations) or self.problems:
                break
            while len(self.alive) < options.workers:
                self.start(self._next_step(killed))
            share = judged / options.evaluations * options.kills
            if killed < options.kills and killed <= share:
                self._kill_one()
            time.sleep(self.random.uniform(0.02, 0.3))

    def _next_step(self, killed: int) -> str:
        if killed < self.options.kills and self.planned and len(self.all) % 2:
            return self.planned.pop(0)
        return ""

    def _kill_one(self) -> None:
        """Not one that will kill itself."""
        plain = [w for w in self.alive if KILLABLE not in str(w.process.args)]
        if plain:
            self.random.choice(plain).process.kill()

    def finish(self) -> None:
        """The last workers may finish their steps; one more heals and catches up."""
        for worker in self.alive:
            worker.process.terminate()
        for worker in self.alive:
            worker.join()
        last = [
            start_worker(
                self.root / "user", self.env, "--max-evaluations", str(1 + self.options.ahead)
            )
            for _ in range(self.options.workers)
        ]
        for worker in last:
            if worker.join() != 0:
                self.problems.append(f"the last start failed: {_last_words(worker)}")
        self.all += last


def _last_words(worker: WorkerProcess) -> str:
    words = " ".join(str(line).strip() for line in [*worker.errors, *worker.events[-2:]])
    return f"status {worker.process.returncode}: {words}"[-700:]


def _last_step(worker: WorkerProcess) -> str:
    """Where a dead worker was killed: it said so itself, or the last thing it acknowledged."""
    said = [str(line).strip() for line in worker.errors if str(line).startswith("killed at ")]
    if said:
        return said[-1].removeprefix("killed at ")
    last = worker.events[-1].get("event") if worker.events else "nothing"
    return f"random, after {last}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--evaluations", type=int, default=2000)
    parser.add_argument("--ahead", type=int, default=0, help="search.ahead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="do not remove the folder")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="evogit-chaos-"))
    started = time.monotonic()
    chaos = Chaos(root, options)
    try:
        chaos.run()
        chaos.finish()
        problems = chaos.problems + check(chaos.swarm, acknowledged(chaos.all))
        problems += [f"lock left: {path}" for path in locks(chaos.swarm.path)]
        problems += [f"process left: {line}" for line in gone(str(root))]
        problems += [f"mount left: {line}" for line in mounts_with(str(root))]
    finally:
        for worker in chaos.all:
            if worker.process.poll() is None:
                worker.process.kill()
        if not options.keep:
            shutil.rmtree(root, ignore_errors=True)
    report: dict[str, Any] = {
        "workers": options.workers,
        "acknowledged": len(acknowledged(chaos.all)),
        "kills": sum(chaos.kills.values()),
        "at": dict(sorted(chaos.kills.items())),
        "locks seen after kills": chaos.locks_left,
        "seconds": round(time.monotonic() - started, 1),
        "problems": problems[:20],
    }
    print(json.dumps(report, indent=1))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
