"""A fresh sandboxed process with numpy imported, against starting an interpreter.

Prints the ratio of one warm job to ``python -c "import numpy"`` and to ``python -c pass``, taken in
the same rounds (medians), then jobs per second with 1, 2 and 8 threads. In the same run it is shown
that a global set by one job is not seen by the next and that a process left behind is dead.

Run: ``python tests/benchmarks/bench_warm_isolation.py [--numpy FOLDER]``. FOLDER is made by
``pip install --target FOLDER numpy``; without it one is made for this run (not below /tmp, which a
job's private /tmp covers).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from evogit.sandbox.base import Job, Mount, Runtime
from evogit.sandbox.process import ProcessSandbox
from evogit.sandbox.warm import WarmSandbox

SOURCE = "import numpy\nprint(int(numpy.arange(10).sum()))\n"
LEAVE = """
import numpy, os, time
print(hasattr(numpy, "left"))
numpy.left = True
if os.fork() == 0:
    os.setsid()
    time.sleep(600)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--numpy", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        numpy: Path = options.numpy or install(Path(folder) / "numpy")
        evaluator = Path(folder) / "evaluator"
        evaluator.mkdir()
        runtime = Runtime(Path(sys.executable), [numpy], {"PYTHONPATH": str(numpy)})
        sandbox = WarmSandbox(ProcessSandbox(runtime), runtime)
        try:
            compare(sandbox, evaluator, numpy, options.rounds)
            leave_nothing(sandbox, evaluator)
            throughput(sandbox, evaluator)
        finally:
            sandbox.close()


def install(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "numpy"]
    subprocess.run(command, check=True)
    return folder


def job(evaluator: Path, name: str, source: str) -> Job:
    evaluator.joinpath(name).write_text(source)
    mounts = [Mount(evaluator, "/eval"), Mount(evaluator, "/candidate")]
    return Job(["python", f"/eval/{name}"], mounts=mounts, warm=True, preload=("numpy",))


def compare(sandbox: WarmSandbox, evaluator: Path, numpy: Path, rounds: int) -> None:
    python, variables = sys.executable, {"PYTHONPATH": str(numpy)}
    warm = job(evaluator, "sum.py", SOURCE)
    ways: dict[str, Callable[[], object]] = {
        "warm job": lambda: sandbox.start(warm).wait(),
        'python -c "import numpy"': lambda: subprocess.run(
            [python, "-c", "import numpy"], env=variables, check=True
        ),
        "python -c pass": lambda: subprocess.run([python, "-c", "pass"], env={}, check=True),
    }
    first = sandbox.start(warm).wait()
    if (first.status, first.stdout) != (0, b"45\n"):
        raise SystemExit(f"the job did not run: {first}")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - started)
            # What was set in motion behind the answer (the next process) is not the next way's.
            time.sleep(0.02)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, seconds in medians.items():
        print(f"{name:28}{seconds * 1000:8.2f} ms   ratio {medians['warm job'] / seconds:.3f}")


def leave_nothing(sandbox: WarmSandbox, evaluator: Path) -> None:
    leave = job(evaluator, "leave.py", LEAVE)
    seen = [sandbox.start(leave).wait().stdout for _ in range(5)]
    below = psutil.Process(sandbox.server_pids()[0]).children(recursive=True)
    print("a global of one job seen by the next:", any(b"True" in text for text in seen))
    # The supervisor, the zygote, and at most two prepared processes that wait for a job.
    print("processes left behind:", max(0, len(below) - 4))


def throughput(sandbox: WarmSandbox, evaluator: Path) -> None:
    warm = job(evaluator, "sum.py", SOURCE)
    for threads in (1, 2, 8):
        count = 200
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            running = [pool.submit(lambda: sandbox.start(warm).wait()) for _ in range(count)]
            for one in running:
                one.result()
        print(f"{threads} threads: {count / (time.perf_counter() - started):.0f} jobs/s")


if __name__ == "__main__":
    main()
