"""The power goes while workers write: what was acknowledged must be there when it comes back.

The swarm lies on ext4 in an image file behind a loop device. In the middle of the run the image is
copied while the writers are stopped: the copy holds what had reached the disk and nothing that
only the kernel's memory knew. The copy is mounted (its journal replayed) and every evaluation that
was acknowledged before the writers stopped must be in it, and ``git fsck --full`` be clean; a
worker must be able to go on. With ``--no-durability`` the writers skip syncing, to show that this
test can fail. Needs root. Run: ``python tests/chaos/power_loss.py --trials 3``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from chaos_kit import (
    WorkerProcess,
    acknowledged,
    check,
    environment,
    gone,
    make_swarm,
    mounts_with,
    start_worker,
)

from evogit.errors import EvoGitError
from evogit.swarm.repository import Swarm

KILLABLE = str(Path(__file__).with_name("killable.py"))


def _do(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _mount(image: Path, folder: Path) -> None:
    folder.mkdir()
    # A long commit interval: nothing may reach the disk by itself while the test waits.
    _do("mount", "-o", "loop,commit=600", str(image), str(folder))


def _freeze(workers: list[WorkerProcess], number: signal.Signals) -> None:
    for worker in workers:
        os.kill(worker.process.pid, number)


def trial(root: Path, workers: int, evaluations: int, *, durable: bool) -> dict[str, Any]:
    """One power cut; returns what was acknowledged and what is wrong afterwards."""
    image, cut = root / "disk.img", root / "cut.img"
    with image.open("wb") as file:
        file.truncate(512 * 2**20)
    _do("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
    disk, after = root / "disk", root / "after"
    running: list[WorkerProcess] = []
    try:
        _mount(image, disk)
        make_swarm(disk / "user")
        os.sync()
        env = environment(root / "home") | ({} if durable else {"CHAOS_STEP": "not durable 0"})
        command = ("-m", "evogit.cli") if durable else (KILLABLE,)
        running = [start_worker(disk / "user", env, command=command) for _ in range(workers)]
        deadline = time.monotonic() + 300
        while len(acknowledged(running)) < evaluations:
            if time.monotonic() > deadline or any(w.process.poll() is not None for w in running):
                raise SystemExit(f"the workers stopped: {running[0].errors[-3:]}")
            time.sleep(0.01)
        _freeze(running, signal.SIGSTOP)
        time.sleep(0.3)  # what they printed before is read now
        acks = acknowledged(running)
        _do("cp", "--reflink=auto", "--sparse=always", str(image), str(cut))
        _freeze(running, signal.SIGCONT)
        problems = _end(running) + _look(cut, after, acks, root)
    finally:
        for worker in running:
            worker.process.kill()
            worker.process.wait()
        problems_left = gone(str(root))
        for folder in (disk, after):
            if folder.exists():
                # Lazily: this process still maps packs of the repository it looked at.
                subprocess.run(["umount", "-q", "--lazy", str(folder)], check=False)
    problems += problems_left + [f"mount left: {line}" for line in mounts_with(str(root))]
    return {"acknowledged": len(acks), "problems": len(problems), "first": problems[:5]}


def _end(running: list[WorkerProcess]) -> list[str]:
    for worker in running:
        worker.process.terminate()
    return [f"a worker failed: {w.errors[-3:]}" for w in running if w.join() not in (0, 130)]


def _look(cut: Path, after: Path, acks: list[dict[str, Any]], root: Path) -> list[str]:
    _mount(cut, after)
    try:
        swarm = Swarm(after / "user" / ".git" / "evogit" / "swarm.git")
        (swarm.private / "boot").write_text("before the power cut")
        env = environment(root / "home")
        again = start_worker(after / "user", env, "--max-evaluations", "3")
        problems = [] if again.join() == 0 else [f"can not go on: {again.errors} {again.events}"]
        return problems + check(swarm, acks)
    except (EvoGitError, OSError) as error:
        return [f"the repository can not be read: {error}", *(["lost"] * len(acks))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--evaluations", type=int, default=60)
    parser.add_argument("--no-durability", action="store_true")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("needs root")
        return 2
    bad = 0
    for _ in range(options.trials):
        root = Path(tempfile.mkdtemp(prefix="evogit-power-"))
        try:
            found = trial(
                root, options.workers, options.evaluations, durable=not options.no_durability
            )
        finally:
            shutil.rmtree(root, ignore_errors=True)
        bad += bool(found["problems"])
        print(json.dumps(found), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
