"""Genomes, tasks and agents in memory: the real operators and prompts with a scripted model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.proposals import Arm, Genome, NoProposal, Proposal, Task, Trial
from evogit.redact import PLAIN, Redactor
from evogit_agents.llm.agent import LlmAgent, Tools
from evogit_agents.llm.templates import Templates
from evogit_agents.models.model import Message
from evogit_agents.models.scripted import Answer, ScriptedModel

PACKER = """\
import math

# EVOLVE-BLOCK-START
def priority(item, remaining):
    left = remaining - item
    return -left
# EVOLVE-BLOCK-END
print(priority(1, 2))
"""


def genome(files: Mapping[str, str | bytes], score: float | None = 1.0) -> Genome:
    """An individual of these files; its ids follow from them."""
    content = {p: t.encode() if isinstance(t, str) else t for p, t in sorted(files.items())}
    name = hashlib.sha1(repr(content).encode(), usedforsecurity=False).hexdigest()
    return Genome(CommitId(name), TreeId(name), tuple(content), content.__getitem__, score)


@dataclass
class Memory:
    """A past that says what it is told."""

    tried: Sequence[Trial] = ()
    said: Mapping[str, str] = field(default_factory=dict[str, str])
    arms: list[Sequence[Arm]] = field(default_factory=list[Sequence[Arm]])

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        del parent
        return self.tried[:most]

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        del individual, most
        return ()

    def output(self, individual: Genome) -> str:
        return self.said.get(individual.commit, "")

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        self.arms.append(tuple(arms))
        return random.choice(arms)


class Studio:
    """Makes a model, an agent that asks it, and tasks; remembers what was asked."""

    def __init__(self, folder: Path) -> None:
        self.own = folder / "own"
        self.redactor = PLAIN
        self.lint: Callable[[Genome, str], str] = lambda _genome, _path: ""
        self.model = ScriptedModel(["nothing"])

    def agent(
        self,
        operators: Sequence[str],
        answers: Sequence[Answer] | Callable[[Sequence[Message], int], Answer],
        **limits: Any,
    ) -> LlmAgent:
        self.model = ScriptedModel(answers, name="m", **limits)
        tools = Tools(
            models=[self.model],
            operators={"m": tuple(operators)},
            templates=Templates(self.own / "prompts"),
            redactor=self.redactor,
            lint=self.lint,
            better="higher",
        )
        return LlmAgent(tools)

    def task(self, *parents: Genome, **rest: Any) -> Task:
        found: dict[str, Any] = {
            "operator": "mutate",
            "inspirations": (),
            "search": Search(editable=("**/*.py",)),
            "goal": "pack more",
            "feedback": (),
            "random": Random(rest.pop("seed", 1)),
        }
        return Task(parents=parents or (genome({"packer.py": PACKER}),), **found | rest)

    def ask(
        self, operator: str, *answers: Answer, task: Task | None = None, **limits: Any
    ) -> Proposal | NoProposal:
        return self.agent([operator], answers, **limits).propose(task or self.task())

    @property
    def prompts(self) -> list[str]:
        """The last turn of every conversation so far."""
        return [turns[-1].text for turns in self.model.asked]

    def keep(self, secrets: Mapping[str, str]) -> None:
        self.redactor = Redactor(secrets)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.fixture
def individual() -> Callable[..., Genome]:
    return genome


@pytest.fixture
def memory() -> Callable[..., Memory]:
    return Memory
