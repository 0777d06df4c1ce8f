"""The framework's tax: ms per candidate beside 1,000 and beside 100,000 earlier individuals.

Both archives are seeded by ``git fast-import`` (kept in a temporary folder): individuals of 64
agents, one in six a merge, each with its attempt and its evaluation in the journals. Then a worker
with 4 agents makes 500 candidates with everything on - strategy, claims, cache, journal, durable -
except that the agent and the judge answer at once. Fresh process per run, alternating; the figure
is the ratio of the medians. Run: ``python tests/benchmarks/bench_tax.py``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from synthetic import AGENTS, BASE_TIME, Importer, append, object_id, step_records

from evogit.config.load import parse
from evogit.evolve.allowance import Allowance, Flags
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.directions import Directions
from evogit.evolve.evaluating import Verdicts
from evogit.evolve.offspring import Nursery
from evogit.evolve.shared import Shared
from evogit.evolve.worker import Worker
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.judge.judge import Judge, Task
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Proposal
from evogit.proposals import Task as Wish
from evogit.records import Evaluation, Record, Spend
from evogit.source import find_source
from evogit.strategies.evogit import EvoGit
from evogit.swarm.claims import Claims
from evogit.swarm.identity import take_worker
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm, create_swarm
from evogit.swarm.spec import PinnedFile, Spec

ENVIRONMENT = "bench"
SETTINGS = """
[evaluate]
stages = [{ name = "main", run = ["python", "main.py"], score = ["python", "/eval/score.py"] }]
[evaluate.files]
score = ["score.py"]
"""


class CountingAgent:
    """Proposes a file nobody proposed before, at no cost."""

    kind = "counting"

    def propose(self, task: Wish) -> Proposal:
        content = f"x = {task.random.getrandbits(64)}\n".encode()
        return Proposal("mutate", {"main.py": content}, "another number")

    def worst_case(self) -> Spend:
        return Spend()


@dataclass(frozen=True)
class PromptJudge:
    """Knows the score at once; for candidates it is no better than the archive's median."""

    spec: Spec
    git: GitRepository
    environment: str = ENVIRONMENT

    def parents(self, commit: CommitId) -> tuple[CommitId, ...]:
        return self.git.commit(commit).parents

    def evaluate(self, task: Task) -> Evaluation:
        score = int(task.tree[:8], 16) / 2**32
        return Evaluation(
            task.commit,
            task.tree,
            self.spec.evaluator,
            self.environment,
            task.seed,
            Scored(score),
            agent=task.agent,
            purpose=task.purpose,
            time=time.time(),
        )


def seed_archive(folder: Path, count: int) -> None:
    """A user's repository and its swarm with ``count`` individuals."""
    out = Importer()
    base = out.commit("refs/heads/main", b"base\n", [], "base\n", BASE_TIME)
    user = folder / "user"
    subprocess.run(["git", "init", "-q", "-b", "main", str(user)], check=True)
    _import(user / ".git", out.parts)
    source = find_source(user)
    pinned = {"score/score.py": PinnedFile(b"print(1)")}
    swarm = create_swarm(
        source.swarm, source, source.resolve("main"), parse(SETTINGS), pinned, author="bench"
    )
    _fill(out, base, count, swarm.spec().evaluator)
    _import(swarm.path, out.parts)
    shutil.rmtree(swarm.private, ignore_errors=True)


def _import(path: Path, parts: list[bytes]) -> None:
    command = ["git", f"--git-dir={path}", "fast-import", "--quiet"]
    subprocess.run(command, input=b"".join(parts), check=True)


def _fill(out: Importer, base: str, count: int, evaluator: TreeId) -> None:
    chance = random.Random(0)
    tips = [base] * AGENTS
    steps = [0] * AGENTS
    journal: dict[str, str] = {}
    for number in range(1, count):
        agent = chance.randrange(AGENTS)
        steps[agent] += 1
        parents = [tips[agent]]
        other = tips[chance.randrange(AGENTS)]
        if chance.random() < 1 / 6 and other != parents[0]:
            parents.append(other)
        operator = "merge" if len(parents) > 1 else "mutate"
        message = (
            f"{operator}: change number {number}\n\nEvogit-Agent: a{agent}\n"
            f"Evogit-Operator: {operator}\nEvogit-Step: {steps[agent]}\n"
        )
        content = f"x = {number}\n".encode()
        tree = object_id("tree", b"100644 main.py\0" + object_id("blob", content)).hex()
        tips[agent] = out.commit(
            f"refs/heads/a{agent}", content, parents, message, BASE_TIME + number
        )
        records = step_records(tips[agent], tree, parents, operator, agent, steps[agent], chance)
        for record in _of(records, evaluator):
            append(out, journal, f"w{agent % 8}", record, tips[agent], number)


def _of(records: Iterator[Record], evaluator: TreeId) -> Iterator[Record]:
    for record in records:
        if isinstance(record, Evaluation):
            yield replace(record, evaluator=evaluator, environment=ENVIRONMENT)
        else:
            yield record


def index(swarm: Swarm) -> Phylogeny:
    return Phylogeny(
        swarm.git,
        evaluator=swarm.spec().evaluator,
        environment=ENVIRONMENT,
        maximize=True,
        cache=swarm.private / "phylogeny.cache",
    )


def run(swarm: Swarm, candidates: int, agents: int) -> float:
    """Seconds that a worker takes for so many candidates, without opening the archive."""
    identity = take_worker(swarm.git, "")
    journal = Journal(swarm.git, identity.name)
    shared = _shared(swarm, index(swarm), journal, identity.name, candidates)
    worker = Worker(identity, shared, lambda _: CountingAgent(), agents, lambda: None)
    started = time.perf_counter()
    summary = worker.run()
    seconds = time.perf_counter() - started
    journal.close()
    identity.release()
    if summary.evaluations != candidates:
        raise SystemExit(f"only {summary.evaluations} candidates: {summary.reason}")
    return seconds


def _shared(
    swarm: Swarm, phylogeny: Phylogeny, journal: Journal, worker: str, candidates: int
) -> Shared:
    spec, stop = swarm.spec(), threading.Event()
    judge = cast(Judge, PromptJudge(spec, swarm.git))
    claims = Claims(swarm.git, worker)
    return Shared(
        worker=worker,
        git=swarm.git,
        phylogeny=phylogeny,
        journal=journal,
        strategy=EvoGit(),
        nursery=Nursery(swarm.git, spec, phylogeny, BASE_TIME, 1),
        verdicts=Verdicts(judge, phylogeny, journal, claims, stop.is_set),
        allowance=Allowance(Flags(evaluations=candidates)),
        budget=SwarmBudget(spec.settings.budget, phylogeny, swarm.private / "budget.lock"),
        directions=Directions(swarm.git, phylogeny, time.time()),
        stop=stop,
        tell=lambda _: None,
        seed=random.randrange(2**32),
        evaluator_seed=0,
        maximize=True,
        noise=0.0,
    )


def swarm_of(folder: Path) -> Swarm:
    return Swarm(folder / "user" / ".git" / "evogit" / "swarm.git")


def one_run(kept: Path, candidates: int, agents: int) -> tuple[float, float]:
    """In this process, on a copy: (ms per candidate, of processor time)."""
    with tempfile.TemporaryDirectory(prefix="evogit-tax-") as name:
        folder = Path(name) / "copy"
        shutil.copytree(kept, folder)
        swarm = swarm_of(folder)
        index(swarm).save()
        os.sync()
        used = time.process_time()
        seconds = run(swarm, candidates, agents)
        return seconds / candidates * 1000, (time.process_time() - used) / candidates * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--candidates", type=int, default=500)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(*one_run(_kept(asked.one), asked.candidates, asked.agents))
        return
    found: dict[int, list[tuple[float, float]]] = {asked.small: [], asked.large: []}
    for count in found:
        _kept(count)
    for _ in range(asked.rounds):
        for count, taken in found.items():
            options = ["--one", str(count), "--candidates", str(asked.candidates)]
            command = [sys.executable, __file__, *options, "--agents", str(asked.agents)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            wall, cpu = map(float, done.stdout.split()[-2:])
            taken.append((wall, cpu))
    medians = {
        c: [statistics.median(t[k] for t in taken) for k in (0, 1)] for c, taken in found.items()
    }
    for count, taken in found.items():
        each = " ".join(f"{wall:.2f}" for wall, _ in taken)
        print(
            f"beside {count:6} individuals: {medians[count][0]:6.2f} ms per candidate ({each}), "
            f"{medians[count][1]:.2f} ms of processor time"
        )
    small, large = medians[asked.small], medians[asked.large]
    print(f"ratio {large[0] / small[0]:.2f} wall, {large[1] / small[1]:.2f} processor; bar 1.3")


def _kept(count: int) -> Path:
    kept = Path(tempfile.gettempdir()) / f"evogit-bench-tax-{count}"
    if not kept.exists():
        unfinished = kept.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        seed_archive(unfinished, count)
        unfinished.rename(kept)
    return kept


if __name__ == "__main__":
    main()
