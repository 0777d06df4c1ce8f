"""Opening the phylogeny: from its cache, without one, and after one foreign commit.

Each figure is a ratio to ``git log`` printing the same fields of the same commits, taken in the
same round; the median of the rounds is shown. Run: ``python tests/benchmarks/bench_dag.py``.
The repositories (100,000 individuals, once alone and once with the attempt and the evaluation that
each has in a journal) are built once by ``git fast-import`` and kept in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from synthetic import ENVIRONMENT, EVALUATOR, Plan, build, foreign_step

from evogit.git.repository import GitRepository
from evogit.phylogeny.index import Phylogeny

FIELDS = "%H%x00%T%x00%P%x00%ct%x00%s" + "".join(
    f"%x00%(trailers:key=Evogit-{name},valueonly)" for name in ("Agent", "Operator", "Step")
)
BODY = "%H%x00%T%x00%P%x00%ct%x00%B"


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall clock, and of processor time with that of children."""
    start, used = time.perf_counter(), sum(os.times()[:4])
    action()
    return time.perf_counter() - start, sum(os.times()[:4]) - used


def git_log(path: Path, fields: str) -> None:
    command = ["git", f"--git-dir={path}", "log", "--all", "-z", f"--format={fields}"]
    subprocess.run(command, stdout=subprocess.PIPE, check=True)


def opened(git: GitRepository, cache: Path | None) -> Phylogeny:
    return Phylogeny(git, evaluator=EVALUATOR, environment=ENVIRONMENT, maximize=True, cache=cache)


def measure(path: Path, cache: Path, rounds: int, *, journals: bool) -> None:
    git = GitRepository(path)
    opened(git, cache).save()
    tracemalloc.start()
    followed = opened(git, cache)
    held = tracemalloc.get_traced_memory()[0] / len(followed)
    tracemalloc.stop()
    times: dict[str, list[tuple[float, float]]] = {}

    def take(what: str, action: Callable[[], object]) -> None:
        times.setdefault(what, []).append(timed(action))

    for number in range(rounds):
        take("git log, same fields", lambda: git_log(path, FIELDS))
        take("git log, whole messages", lambda: git_log(path, BODY))
        take("open", lambda: opened(git, cache))
        take("rebuild", lambda: opened(git, None))
        for step in range(5):
            foreign_step(path, 10**6 + number * 10 + step, journals=journals)
            take("refresh after a foreign step", followed.refresh)
            take("refresh without news", followed.refresh)
    for what, pairs in times.items():
        print(f"  {what:30}", end="")
        for kind, name in enumerate(("wall", "cpu")):
            value = statistics.median(pair[kind] for pair in pairs)
            ratios = [
                value / statistics.median(pair[kind] for pair in times[f"git log, {each}"])
                for each in ("same fields", "whole messages")
            ]
            print(f"  {name} {value * 1000:9.2f} ms {ratios[0]:7.4f} {ratios[1]:7.4f}", end="")
        print()
    print(f"  held in memory: {held:.0f} bytes per individual")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    store = Path(tempfile.gettempdir()) / f"evogit-bench-dag-{asked.count}"
    print("bars, in git logs of the same fields: open 0.1, rebuild 1.2, refresh 0.01")
    for name, journals in (("individuals only", False), ("with journals", True)):
        kept = store / name.replace(" ", "-")
        if not kept.exists():
            unfinished = kept.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            subprocess.run(["git", "init", "-q", "--bare", str(unfinished)], check=True)
            build(unfinished, Plan(asked.count, journals=journals))
            unfinished.rename(kept)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "swarm.git"
            shutil.copytree(kept, copy)
            print(f"{name}, {asked.count} individuals; ratio to same fields, to whole messages:")
            measure(copy, Path(folder) / "cache", asked.rounds, journals=journals)


if __name__ == "__main__":
    main()
