"""A small swarm repository to read, written with the real thing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import BASE_REF, HEADS, JOURNALS, CommitId, TreeId
from evogit.outcome import Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt, Decision, Evaluation, Record, dump

EVALUATOR = TreeId("e" * 40)
EMPTY = TreeId("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


class Swarm:
    """Writes individuals and journals as workers do."""

    def __init__(self, path: Path) -> None:
        subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
        self.git = GitRepository(path)
        self.git.handle.TreeBuilder().write()
        self.old = self.git.write_commit(self.tree("before"), [], "before", author="h", time=1)
        self.base = self.git.write_commit(self.tree("base"), [self.old], "base", author="h", time=2)
        self.set(BASE_REF, self.base)
        self.clock = 10

    def tree(self, text: str) -> TreeId:
        return self.git.change_tree(EMPTY, {"main.py": Change(self.git.write_blob(text.encode()))})

    def set(self, ref: str, to: CommitId) -> None:
        self.git.handle.references.create(ref, to, force=True)

    def commit(
        self,
        parents: Sequence[CommitId],
        *,
        text: str | None = None,
        agent: str = "a1",
        message: str | None = None,
        time: int | None = None,
    ) -> CommitId:
        self.clock += 1
        body = f"change {self.clock}\n\nEvogit-Agent: {agent}\nEvogit-Operator: mutate\nEvogit-Step: {self.clock}\n"
        return self.git.write_commit(
            self.tree(f"{self.clock}" if text is None else text),
            parents,
            body if message is None else message,
            author=agent or "human",
            time=self.clock if time is None else time,
        )

    def individual(
        self, agent: str, parents: Sequence[CommitId] = (), *, text: str | None = None
    ) -> CommitId:
        """A commit on the agent's branch."""
        made = self.commit(parents or [self.base], text=text, agent=agent)
        self.set(HEADS + agent, made)
        return made

    def root(self, writer: str) -> CommitId:
        return self.git.write_commit(EMPTY, [], f"evogit journal {writer}\n", author="j", time=3)

    def entry(
        self, previous: CommitId, record: Record | str, keep: Iterable[CommitId] = ()
    ) -> CommitId:
        self.clock += 1
        text = record if isinstance(record, str) else f"{record.kind}\n\n{dump(record)}\n"
        return self.git.write_commit(EMPTY, [previous, *keep], text, author="j", time=self.clock)

    def journal(
        self, writer: str, *records: Record | str, keep: Iterable[CommitId] = (), ref: str = ""
    ) -> CommitId:
        """Append to a writer's journal; the id of the last entry."""
        ref = ref or JOURNALS + writer
        tip = self.git.ref(ref) or self.root(writer)
        for record in records:
            tip = self.entry(tip, record, keep)
        self.set(ref, tip)
        return tip

    def evaluation(
        self,
        commit: CommitId,
        outcome: Outcome | float,
        *,
        seed: int = 0,
        purpose: str = "search",
        time: float | None = None,
        evaluator: TreeId = EVALUATOR,
        environment: str = "env",
    ) -> Evaluation:
        self.clock += 1
        return Evaluation(
            commit=commit,
            tree=self.git.commit(commit).tree,
            evaluator=evaluator,
            environment=environment,
            seed=seed,
            outcome=outcome if not isinstance(outcome, (int, float)) else Scored(float(outcome)),
            purpose=purpose,
            seconds=0.5,
            time=float(self.clock) if time is None else time,
        )

    def decide(self, verb: str, *selects: CommitId, undoes: CommitId | None = None) -> CommitId:
        self.clock += 1
        record = Decision(verb, "me", selects, undoes=undoes, time=float(self.clock))
        return self.journal("me-host", record)

    def attempt(self, agent: str, step: int, *, offspring: CommitId | None = None) -> Attempt:
        self.clock += 1
        return Attempt(
            agent, "mutate", step, (self.base,), offspring=offspring, time=float(self.clock)
        )

    def phylogeny(self, *, maximize: bool = True, cache: Path | None = None) -> Phylogeny:
        return Phylogeny(
            self.git, evaluator=EVALUATOR, environment="env", maximize=maximize, cache=cache
        )


@pytest.fixture
def swarm(tmp_path: Path) -> Swarm:
    return Swarm(tmp_path / "swarm.git")


def facts(phylogeny: Phylogeny) -> dict[str, object]:
    """Everything a phylogeny says, without its private numbering."""
    name = phylogeny.commit
    individuals = {
        name(i): (
            phylogeny.tree(i),
            [name(p) for p in phylogeny.parents(i)],
            sorted(name(c) for c in phylogeny.children(i)),
            phylogeny.agent(i),
            phylogeny.operator(i),
            phylogeny.subject(i),
            phylogeny.step(i),
            phylogeny.time(i),
            phylogeny.generation(i),
            phylogeny.outcome(i),
            phylogeny.score(i),
            phylogeny.pruned(i),
            sorted(name(d) for d in phylogeny.duplicates(i)),
        )
        for i in range(len(phylogeny))
    }
    agents = {phylogeny.agent(i) for i in range(len(phylogeny))}
    return {
        "individuals": individuals,
        "tips": {tip: name(i) for tip, i in phylogeny.tips.items()},
        "population": [name(i) for i in phylogeny.population()],
        "leaves": sorted(name(i) for i in phylogeny.leaves()),
        "evaluations": list(phylogeny.evaluations()),
        "best so far": phylogeny.best_so_far(),
        "fittest": [phylogeny.score(i) for i in phylogeny.best(100)],
        "attempts": {agent: list(phylogeny.attempts(agent)) for agent in agents},
        "steps": {agent: phylogeny.last_step(agent) for agent in agents},
        "spent": phylogeny.spent,
        "reserved": phylogeny.reserved,
        "decisions": phylogeny.decisions,
        "active": phylogeny.active_decisions(),
        "pinned": {name(i) for i in phylogeny.pinned},
        "tags": {tag: name(i) for tag, i in phylogeny.tags.items()},
        "problems": sorted(phylogeny.problems),
    }


@pytest.fixture(name="facts")
def facts_fixture() -> object:
    return facts


@pytest.fixture
def make_swarm() -> type[Swarm]:
    return Swarm
