"""How well the genetic agent searches: online bin packing, all in this process.

Run ``python tests/benchmarks/bench_genetic_search.py [--evaluations 2000] [--seeds 1 2 3]
[--option aloof=50 ...] [--plain]``. The strategy, the agent, the problem's seed, streams and packing loop are
the real ones; sandbox, git and threads are not there, agents take turns. Scores are the excess in
percent on the training streams, and on others that belong neither to training nor to the hold-out,
so that settings can be compared without looking at the hold-out.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, cast

import evogit_problems
from evogit.config.model import Search
from evogit.git.merge_text import Hunk, merge_text
from evogit.ids import CommitId, TreeId
from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Genome, NoPast, Proposal, Step, Task, Trial
from evogit.strategies.evogit import EvoGit
from evogit_agents.genetic import GeneticAgent

PROBLEM = Path(evogit_problems.__file__).parent / "online_bin_packing"
FILE = "packer.py"
CHECKED = 60
"""Streams that check what was learned."""


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, PROBLEM.with_name("evaluator") / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORE: Any = script("bins_score")
RUN: Any = script("bins_run")
PHASES: int = SCORE.PHASES["u"]


def streams(name: str, count: int) -> list[list[int]]:
    return [SCORE.draw("u", 500, f"{name}/{number}") for number in range(count)]


def excess(program: bytes, items: list[list[int]]) -> float | None:
    """In percent; ``None`` for a program that fails."""
    names: dict[str, Any] = {}
    try:
        exec(compile(program, FILE, "exec"), names)  # noqa: S102
        line = RUN.table(names["priority"], PHASES, 20, 100, 150).encode()
        rule = SCORE.rule(SCORE.KINDS["u"], line, PHASES)
    except Exception:  # noqa: BLE001
        return None
    used = [SCORE.pack(stream, 150, rule) for stream in items]
    found = SCORE.excess(SCORE.KINDS["u"], items, used)
    return 100 * math.fsum(found) / len(found)


class Memory:
    """What a strategy asks of a phylogeny, in lists."""

    def __init__(self, base: bytes, score: float | None) -> None:
        self.programs, self.scores = [base], [score]
        self.known = {base}
        self.ancestry: list[tuple[int, ...]] = [()]
        self.steps, self.agents, self.operators = [0], [""], [""]
        self.top = 0
        self.offspring: dict[int, list[int]] = {}
        self.last: dict[str, int] = {}
        self.tips: dict[str, int] = {}

    def add(
        self,
        program: bytes,
        parents: tuple[int, ...],
        agent: str,
        step: int,
        operator: str,
        score: float | None,
    ) -> int:
        self.known.add(program)
        for parent in parents:
            self.offspring.setdefault(parent, []).append(len(self.programs))
        self.agents.append(agent)
        self.operators.append(operator)
        self.programs.append(program)
        self.ancestry.append(parents)
        self.steps.append(step)
        self.scores.append(score)
        row = len(self.programs) - 1
        if self.fitness(row) > self.fitness(self.top):
            self.top = row
        return row

    def agent(self, i: int) -> str:
        return self.agents[i]

    def children(self, i: int) -> list[int]:
        return self.offspring.get(i, [])

    def commit(self, i: int) -> CommitId:
        return CommitId(f"{i:040x}")

    def index(self, commit: CommitId) -> int:
        return int(commit, 16)

    def parents(self, i: int) -> tuple[int, ...]:
        return self.ancestry[i]

    def step(self, i: int) -> int:
        return self.steps[i]

    def score(self, i: int) -> float | None:
        return self.scores[i]

    def fitness(self, i: int) -> float:
        score = self.scores[i]
        return math.nan if score is None else -score

    def growth(self, a: int, b: int) -> int:
        return len(self.programs[b]) - len(self.programs[a])

    def pruned(self, i: int) -> bool:
        del i
        return False

    @property
    def quarantine(self) -> Memory:
        return self

    def holds(self, i: int) -> bool:
        del i
        return False

    def last_step(self, agent: str) -> int:
        return self.last.get(agent, 0)

    def population(self) -> list[int]:
        return list(dict.fromkeys(self.tips[name] for name in sorted(self.tips)))

    def best(self, k: int) -> list[int]:
        return [self.top][:k]

    def genome(self, commit: CommitId) -> Genome:
        i = self.index(commit)
        return Genome(commit, TreeId(commit), [FILE], {FILE: self.programs[i]}.__getitem__)

    def lineage(self, i: int) -> list[int]:
        chain = [i]
        while parents := self.ancestry[chain[-1]]:
            chain.append(parents[0])
        return chain

    def ancestors(self, i: int) -> set[int]:
        found, left = {i}, [i]
        while left:
            new = [p for p in self.ancestry[left.pop()] if p not in found]
            found.update(new)
            left += new
        return found

    def merged(self, one: int, other: int) -> bytes | None:
        """The kernel's merge; conflicts go to the fitter side. The newest common ancestor is near enough."""
        base = max(self.ancestors(one) & self.ancestors(other))
        if base in (one, other):
            return None
        theirs = self.fitness(other) > self.fitness(one)
        sides = (self.programs[base], self.programs[one], self.programs[other])
        return b"".join(
            (p.theirs if theirs else p.ours) if isinstance(p, Hunk) else p
            for p in merge_text(FILE, *sides)
        )


class Tried(NoPast):
    """What an agent may ask of a memory."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        memory = self.memory
        own = memory.index(parent.commit)
        children = [c for c in memory.children(own) if memory.parents(c)[0] == own]
        return [self._trial(child) for child in children[::-1][:most]]

    def _trial(self, i: int) -> Trial:
        memory = self.memory
        genome, score = memory.genome(memory.commit(i)), memory.score(i)
        outcome = "failed" if score is None else ""
        return Trial(memory.agent(i), memory.operators[i], "", outcome, score, genome)

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        memory = self.memory
        line = memory.lineage(memory.index(individual.commit))
        return [memory.genome(memory.commit(i)) for i in line[1 : most + 1]]


def offspring(
    memory: Memory, agent: GeneticAgent, step: Step, search: Search, random: Random
) -> tuple[bytes | None, tuple[int, ...], str]:
    """A program, its parents and the operator; no program if there is none."""
    rows = tuple(map(memory.index, step.parents))
    if step.operator == MERGE:
        return memory.merged(*rows), rows, MERGE
    parents = [memory.genome(commit) for commit in step.parents]
    read = [memory.genome(commit) for commit in step.inspirations]
    task = Task(step.operator, parents, read, search, "", [], random, Tried(memory))
    made = agent.propose(task)
    if not isinstance(made, Proposal):
        return None, rows, made.operator
    rows = rows if made.operator == "cross" else rows[:1]
    return made.changes[FILE], rows, made.operator


def evolve(
    seed: int, evaluations: int, agents: int, strategy: EvoGit, search: Search, *, curves: bool
) -> tuple[Memory, int]:
    """Agents in turn until so many programs were evaluated; also how many steps that took."""
    training = streams("train/20240117/u/500", SCORE.TRAINED["u"].streams)
    base = (PROBLEM / "seed" / FILE).read_bytes()
    memory = Memory(base, excess(base, training))
    phylogeny = cast("Phylogeny", memory)
    workers = {f"a{n}": GeneticAgent(-1.0, curves=curves) for n in range(1, agents + 1)}
    memory.tips = dict.fromkeys(workers, 0)
    steps = 0
    while len(memory.programs) <= evaluations:
        for name, agent in workers.items():
            steps += 1
            number = memory.last_step(name) + 1
            random = Random(f"{seed} {name} {number}")
            step = strategy.plan(phylogeny, name, random)
            memory.last[name] = number
            program, parents, operator = offspring(memory, agent, step, search, random)
            if program is None or program in memory.known:
                continue
            score = excess(program, training)
            row = memory.add(program, parents, name, number, operator, score)
            if score is not None and strategy.accepts(
                phylogeny, name, memory.commit(row), Scored(score), random
            ):
                memory.tips[name] = row
    return memory, steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=2000)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--option", nargs="*", default=[], help="of the strategy, as drift=0.1")
    parser.add_argument("--plain", action="store_true", help="without curves")
    arguments = parser.parse_args()
    options = {name: float(value) for name, value in (o.split("=") for o in arguments.option)}
    settings = tomllib.loads((PROBLEM / "problem.toml").read_text())
    search = Search(primitives=tuple(settings["search"]["primitives"]))
    checked = streams("check", CHECKED)
    for seed in arguments.seeds:
        begin = time.process_time()
        memory, steps = evolve(
            seed,
            arguments.evaluations,
            arguments.agents,
            EvoGit(**options),
            search,
            curves=not arguments.plain,
        )
        best = memory.top
        program = memory.programs[best]
        print(
            f"seed {seed}: training {memory.score(best):.2f} %, check {excess(program, checked):.2f} %,"
            f" {len(memory.programs) - 1} evaluations, {steps} steps,"
            f" {time.process_time() - begin:.0f} s of processor time, {len(program)} bytes"
        )


if __name__ == "__main__":
    main()
