"""Many processes race for the same jobs: each job must have exactly one winner.

Run: ``python tests/chaos/claim_race.py --processes 32 --jobs 100``.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from evogit.git.repository import GitRepository
from evogit.swarm.claims import Claims
from evogit.swarm.identity import take_worker
from evogit.swarm.repository import init_bare


def race(path: Path, jobs: int, seed: int) -> None:
    """One contender: takes what it can, in an order of its own, and prints what it got."""
    git = GitRepository(path)
    identity = take_worker(git, "")
    claims = Claims(git, identity.name)
    print("ready", identity.name, flush=True)
    sys.stdin.readline()
    order = list(range(jobs))
    random.Random(seed).shuffle(order)
    won = [job for job in order if claims.take(f"job {job}")]
    print(" ".join(map(str, won)), flush=True)
    sys.stdin.readline()  # a claim is only held while its owner lives
    identity.release()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--contend", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contend is not None:
        race(options.contend, options.jobs, options.seed)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="evogit-claims-"))
    try:
        return run(folder / "swarm.git", options.processes, options.jobs)
    finally:
        shutil.rmtree(folder)


def run(path: Path, processes: int, jobs: int) -> int:
    """Start them all, let them go at once, and count; 0 if every job has exactly one winner."""
    init_bare(path)
    command = [sys.executable, __file__, "--contend", str(path), "--jobs", str(jobs)]
    running = [
        subprocess.Popen(
            [*command, "--seed", str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    names = [_say(process) for process in running]
    started = time.monotonic()
    for process in running:
        _tell(process)
    won = Counter(job for process in running for job in _say(process).split())
    seconds = time.monotonic() - started
    for process in running:
        _tell(process)
        process.wait()
    print(
        f"{processes} processes ({len(set(names))} names), {jobs} jobs: {sum(won.values())} winners, "
        f"{sum(count > 1 for count in won.values())} jobs with two, {jobs - len(won)} with none, "
        f"{seconds:.2f} s"
    )
    return 0 if len(won) == jobs == sum(won.values()) and len(set(names)) == processes else 1


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _say(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


if __name__ == "__main__":
    sys.exit(main())
