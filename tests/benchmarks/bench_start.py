"""How long the command line takes to start, against the smallest Typer program there is.

Bars: ``evogit --help`` at most 1.5 times the ``--help`` of a bare Typer app, ``evogit status`` at
most 2 times. Rounds are interleaved, so that a slow moment of the machine hits all of them; the
ratios are of medians, with the lowest and highest of the single rounds.

Run: ``python tests/benchmarks/bench_start.py [rounds]``
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import typer

app = typer.Typer()


@app.command()
def first(number: int = 1) -> None:
    "Do the first thing."


@app.command()
def second(name: str = "") -> None:
    "Do the second thing."


app()
"""
BARS = {"evogit --help": 1.5, "evogit status": 2.0}


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    evogit = str(Path(sys.executable).with_name("evogit"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "bare.py").write_text(BARE)
        _make_swarm(root / "project")
        commands = {
            "bare --help": [sys.executable, str(root / "bare.py"), "--help"],
            "evogit --help": [evogit, "--help"],
            "evogit --version": [evogit, "--version"],
            "evogit status": [evogit, "status"],
            "evogit log": [evogit, "log"],
        }
        times = _measure(commands, root / "project", rounds)
    return _report(times)


def _measure(commands: dict[str, list[str]], folder: Path, rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            if number:  # the first round fills the disk cache
                times[name].append(time.perf_counter() - start)
    return times


def _report(times: dict[str, list[float]]) -> int:
    bare = times["bare --help"]
    median = statistics.median(bare)
    missed = 0
    for name, found in times.items():
        ratio = statistics.median(found) / median
        single = [ours / theirs for ours, theirs in zip(found, bare, strict=True)]
        bar = BARS.get(name)
        verdict = "" if bar is None else f"  bar {bar}: {'met' if ratio <= bar else 'MISSED'}"
        missed += bar is not None and ratio > bar
        print(
            f"{name:18} {1000 * statistics.median(found):6.0f} ms   "
            f"{ratio:.2f}x ({min(single):.2f}-{max(single):.2f}){verdict}"
        )
    return 1 if missed else 0


def _make_swarm(root: Path) -> None:
    """A repository with a swarm of 200 scored individuals of four agents."""
    from evogit.config.load import parse
    from evogit.git.trees import Change
    from evogit.ids import HEADS
    from evogit.outcome import Scored
    from evogit.records import Evaluation
    from evogit.source import find_source
    from evogit.swarm.individuals import Provenance, compose
    from evogit.swarm.journal import Journal
    from evogit.swarm.repository import create_swarm

    root.mkdir()
    _git(root, "init", "-q", "-b", "main")
    (root / "x.py").write_text("x = 0\n")
    _git(root, "add", ".")
    _git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "start")
    source = find_source(root)
    settings = parse('[evaluate]\nstages = [{ run = ["python"], score = ["python"] }]\n')
    base = source.resolve("HEAD")
    swarm = create_swarm(source.swarm, source, base, settings, {}, author="bench")
    git, evaluator = swarm.git, swarm.spec().evaluator
    journal = Journal(git, "w1")
    tips = dict.fromkeys(("a1", "a2", "a3", "a4"), base)
    for step in range(50):
        for agent, parent in tips.items():
            before = git.commit(parent)
            change = Change(git.write_blob(f"x = {step} + {ord(agent[1])}\n".encode()))
            tree = git.change_tree(before.tree, {"x.py": change})
            made = Provenance(agent=agent, operator="mutate", step=step)
            message = compose(f"step {step}", "", made)
            commit = git.write_commit(tree, [parent], message, author=agent, time=before.time + 1)
            score = Scored(float(step), {})
            journal.append(Evaluation(commit, tree, evaluator, "", 0, score), keep=[commit])
            tips[agent] = commit
    journal.close()
    for agent, tip in tips.items():
        git.move_ref(HEADS + agent, old=None, new=tip)


def _git(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *arguments], cwd=root, check=True, env=environment)


if __name__ == "__main__":
    raise SystemExit(main())
