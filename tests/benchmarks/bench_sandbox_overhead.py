"""What a sandbox adds to a job: ``python tests/benchmarks/bench_sandbox_overhead.py [ROUNDS [IMAGE]]``.

Each round runs every way once, in turn, so that a change of load meets all of them alike. Prints
the median and the fastest over a plain subprocess in milliseconds; on a busy machine only the
fastest says something.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from evogit.errors import EvaluatorError, EvoGitError
from evogit.sandbox.base import Job, Mount, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.container import ContainerSandbox
from evogit.sandbox.process import ProcessSandbox

COMMANDS = {"true": ["true"], "python": ["python3", "-I", "-c", "pass"]}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    runtime = Runtime(Path("/usr/bin/python3"))
    image = sys.argv[2] if len(sys.argv) > 2 else None
    sandboxes: list[Sandbox] = []
    for sandbox in (
        ProcessSandbox(runtime),
        BubblewrapSandbox(runtime),
        ContainerSandbox(runtime, image),
    ):
        probe = sandbox.probe()
        if probe.works:
            sandboxes.append(sandbox)
        else:
            print(f"{sandbox.name}: left out: {probe.reason}")
    with tempfile.TemporaryDirectory() as folder:
        for name, argv in COMMANDS.items():
            measure(name, argv, Path(folder), sandboxes, rounds)
    for sandbox in sandboxes:
        sandbox.close()


def measure(
    name: str, argv: list[str], folder: Path, sandboxes: list[Sandbox], rounds: int
) -> None:
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: subprocess.run(
            argv, capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"}
        )
    }
    for sandbox in sandboxes:
        for copy in (False, True):
            job = Job(argv, mounts=[Mount(folder, "/candidate", copy=copy)])
            label = f"{sandbox.name}{' + copy' if copy else ''}"
            ways[label] = partial(run_job, sandbox, job)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            times[way].append((time.perf_counter() - start) * 1000)
    plain = times.pop("plain")
    print(f"{name}: plain {statistics.median(plain):.1f} ms, fastest {min(plain):.1f} ms")
    for way, taken in times.items():
        median = statistics.median(taken) - statistics.median(plain)
        print(f"  {way:20} +{median:.1f} ms, fastest +{min(taken) - min(plain):.1f} ms")


def run_job(sandbox: Sandbox, job: Job) -> None:
    done = sandbox.start(job).wait()
    if done.status:
        raise EvaluatorError(f"{sandbox.name}: status {done.status}: {done.stderr!r}")


if __name__ == "__main__":
    try:
        main()
    except EvoGitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
