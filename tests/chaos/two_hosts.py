"""Two hosts with workers and a git daemon between them that is away for a while.

Both hosts evolve, publish and fetch by themselves. Then the daemon is stopped and they go on; a
worker is killed; the daemon comes back, and workers once more. Afterwards both clones hold the same individuals,
evaluations and decisions, everything acknowledged anywhere is in both, and git finds all three
repositories sound. Run: ``python tests/chaos/two_hosts.py --workers 2 --evaluations 40``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chaos_kit import (
    WorkerProcess,
    acknowledged,
    check,
    environment,
    fsck,
    gone,
    make_swarm,
    phylogeny,
    start_worker,
)

from evogit.swarm.repository import Swarm
from evogit.sync.clone import clone_swarm
from evogit.sync.exchange import sync
from evogit.sync.remote import set_remote


class Daemon:
    """A ``git daemon`` on loopback that can be stopped and started again on the same port."""

    def __init__(self, root: Path) -> None:
        self._root = root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["git", "daemon", "--listen=127.0.0.1", f"--port={self.port}", "--reuseaddr"]
        served = ["--export-all", "--enable=receive-pack", f"--base-path={self._root}"]
        self._process = subprocess.Popen([*command, *served], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline:
                raise SystemExit("git daemon does not start")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def view(swarm: Swarm) -> dict[str, object]:
    """What a clone knows, without anything that depends on the clone."""
    found = phylogeny(swarm)
    return {
        "individuals": {found.commit(i) for i in range(len(found))},
        "evaluations": sorted(
            f"{e.tree} {e.seed} {e.purpose} {e.outcome} {e.time}" for e in found.evaluations()
        ),
        "decisions": [entry for entry, _ in found.decisions],
        "tips": {name: found.commit(i) for name, i in found.tips.items()},
        "spent": found.spent.evaluations,
    }


class Hosts:
    """Two clones, their workers, and what became of them."""

    def __init__(self, root: Path, workers: int, evaluations: int) -> None:
        self.root = root
        self.workers = workers
        self.evaluations = evaluations
        self.env = environment(root / "home")
        self.started: list[WorkerProcess] = []
        self.problems: list[str] = []
        subprocess.run(["git", "init", "-q", "--bare", str(root / "between.git")], check=True)
        self.daemon = Daemon(root)
        self.daemon.start()
        url = f"git://127.0.0.1:{self.daemon.port}/between.git"
        one = make_swarm(root / "user")
        set_remote(one, url)
        sync(one)
        two = clone_swarm(url, root / "two", hostname="two")
        self.clones = {root / "user": one, root / "two": two}

    def evolve(self, *, kill: bool = False) -> list[WorkerProcess]:
        """Workers on both hosts at once until each made its share; perhaps one is killed."""
        options = ("--max-evaluations", str(self.evaluations))
        running = [
            start_worker(folder, self.env, *options)
            for folder in self.clones
            for _ in range(self.workers)
        ]
        self.started += running
        if kill:
            while len(running[-1].events) < 5 and running[-1].process.poll() is None:
                time.sleep(0.01)
            running[-1].process.kill()
        for worker in running:
            status = worker.join(300)
            if status != 0 and not (kill and worker is running[-1]):
                self.problems.append(f"status {status}: {worker.errors} {worker.events[-1:]}")
        return running

    def cut_off(self) -> None:
        """Both go on without each other; each worker says so once."""
        self.daemon.stop()
        for worker in self.evolve():
            said = [e["text"] for e in worker.events if e.get("event") == "problem"]
            if len(said) != 1 or "sync" not in said[0]:
                self.problems.append(f"cut off, a worker said {said}")
        self.daemon.start()

    def decide(self) -> None:
        """A human on each host pins an individual."""
        for folder in self.clones:
            command = [sys.executable, "-m", "evogit.cli", "pin", "best"]
            done = subprocess.run(
                command, cwd=folder, env=self.env, capture_output=True, text=True, check=False
            )
            if done.returncode:
                self.problems.append(f"pin: {done.stderr}")

    def settle(self) -> None:
        """Exchange until nobody has news, and compare."""
        one, two = self.clones.values()
        for swarm in (one, two, one):
            self.problems += sync(swarm).problems
        acks = acknowledged(self.started)
        for name, known in view(one).items():
            if known != view(two)[name]:
                self.problems.append(f"the hosts differ in {name}")
        for swarm in (one, two):
            # Two hosts may have judged the same tree at the same time; one host may not.
            found = check(swarm, acks)
            self.problems += [line for line in found if not line.startswith("judged ")]
        self.problems += fsck(self.root / "between.git")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--evaluations", type=int, default=40)
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="evogit-hosts-"))
    try:
        hosts = Hosts(root, options.workers, options.evaluations)
        try:
            hosts.evolve()
            hosts.cut_off()
            hosts.decide()
            hosts.evolve(kill=True)
            hosts.evolve()  # who was killed judges what it had made
            hosts.settle()
        finally:
            hosts.daemon.stop()
        one, _ = hosts.clones.values()
        report = {
            "acknowledged": len(acknowledged(hosts.started)),
            "individuals on both": len(phylogeny(one)),
            "problems": (hosts.problems + gone(str(root)))[:20],
        }
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(report, indent=1))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
