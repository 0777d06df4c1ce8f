"""What a sandbox adds to a job: ``python tests/benchmarks/bench_sandbox_overhead.py [ROUNDS [IMAGE]]``.

Each round runs every way once, in turn, so that a change of load meets all of them alike. Prints,
per way, the median over rounds of its time over that of a plain subprocess of the same round, the
median of what it adds in milliseconds, and the fastest time over the fastest plain one. On a busy
machine the fastest says most.

``container`` is a job whose container was made ahead, as in a run; the pause before each round
lets the next one be made. ``container, cold`` is the first job of its kind.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from evogit.config.model import Limits
from evogit.errors import EvaluatorError, EvoGitError
from evogit.sandbox.base import Job, Mount, Runtime, Sandbox
from evogit.sandbox.bubblewrap import BubblewrapSandbox
from evogit.sandbox.container import ContainerSandbox
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

PAUSE = 0.5
"""Seconds between rounds: a run's evaluations, too, leave time to make the next container."""
PROGRAM = "solve.py"

Way = Callable[[], object]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    image = sys.argv[2] if len(sys.argv) > 2 else None
    runtime = Runtime(Path(sys.executable))
    sandboxes = [sandbox for sandbox in made(runtime, image) if works(sandbox)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        folder.joinpath(PROGRAM).write_text("print(42)\n")
        measure(ways(folder, runtime, sandboxes), rounds)
    for sandbox in sandboxes:
        sandbox.close()


def made(runtime: Runtime, image: str | None) -> list[Sandbox]:
    inner = BubblewrapSandbox(runtime)
    return [
        ProcessSandbox(runtime),
        inner,
        WarmSandbox(inner, runtime),
        ContainerSandbox(runtime, image),
    ]


def works(sandbox: Sandbox) -> bool:
    probe = sandbox.probe()
    if not probe.works:
        print(f"{sandbox.name}: left out: {probe.reason}")
    return probe.works


def ways(folder: Path, runtime: Runtime, sandboxes: list[Sandbox]) -> dict[str, Way]:
    argv = [str(runtime.python), str(folder / PROGRAM)]
    plain = partial(subprocess.run, argv, capture_output=True, check=True, env={})
    found: dict[str, Way] = {"plain": plain}
    mount, copy = Mount(folder, "/candidate"), Mount(folder, "/candidate", copy=True)
    job = ["python", f"/candidate/{PROGRAM}"]
    for sandbox in sandboxes:
        warm = isinstance(sandbox, WarmSandbox)
        found[sandbox.name] = partial(run_job, sandbox, Job(job, mounts=[mount], warm=warm))
        if not warm:
            found[f"{sandbox.name}, writable"] = partial(run_job, sandbox, Job(job, mounts=[copy]))
        if sandbox.name == "container":
            found["container, cold"] = partial(run_cold, sandbox, job, mount, count(2**28, 2**20))
    return found


def run_job(sandbox: Sandbox, job: Job) -> None:
    done = sandbox.start(job).wait()
    if done.status:
        raise EvaluatorError(f"{sandbox.name}: status {done.status}: {done.stderr!r}")


def run_cold(sandbox: Sandbox, argv: list[str], mount: Mount, sizes: count[int]) -> None:
    """A job unlike all before: no container waits for it."""
    run_job(sandbox, Job(argv, mounts=[mount], limits=Limits(memory=next(sizes))))


def measure(ways: dict[str, Way], rounds: int) -> None:
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 2):  # two rounds to make what is kept waiting
        time.sleep(PAUSE)
        for way, run in ways.items():
            start = time.perf_counter()
            run()
            if number >= 2:
                times[way].append((time.perf_counter() - start) * 1000)
    show(times)


def show(times: dict[str, list[float]]) -> None:
    plain = times.pop("plain")
    print(f"plain: {statistics.median(plain):.1f} ms, fastest {min(plain):.1f} ms")
    for way, taken in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(taken, plain, strict=True))
        added = statistics.median(mine - other for mine, other in zip(taken, plain, strict=True))
        print(
            f"  {way:22} {ratio:5.1f} x  {added:+7.1f} ms   "
            f"fastest {min(taken) / min(plain):5.1f} x  {min(taken) - min(plain):+7.1f} ms"
        )


if __name__ == "__main__":
    try:
        main()
    except EvoGitError as error:
        sys.exit(f"{error.message}\n{error.hint}")
