"""A new goal reaches agents that are at work; nothing else of a new spec does before they start again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.core.evolve.test_evolving import SETTINGS, Farm, view

from evogit.evolve import assembly
from evogit.evolve.events import Event
from evogit.proposals import Agent, Proposal, Task
from evogit.records import Spend
from evogit.steering.desk import Desk
from evogit.swarm.individuals import read_provenance
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import read_spec


@dataclass
class Listening:
    """Remembers the goals it was given; ``after`` is called with n when the n-th was made."""

    after: Callable[[int], None]
    goals: list[str] = field(default_factory=list[str])
    kind: str = "listening"

    def worst_case(self) -> Spend:
        return Spend()

    def propose(self, task: Task) -> Proposal:
        self.goals.append(task.goal)
        text = f"def value(x):\n    return {len(self.goals)}\n"
        self.after(len(self.goals))
        return Proposal("listen", {"program.py": text.encode()}, "listen")


@dataclass
class Night:
    """A swarm, a human who decides while it runs, and what is told."""

    farm: Farm
    swarm: Swarm
    monkeypatch: pytest.MonkeyPatch
    events: list[Event] = field(default_factory=list[Event])

    @property
    def desk(self) -> Desk:
        return Desk(self.swarm, view(self.farm, self.swarm), "ada", time.time)

    def run(self, after: Callable[[int], None], steps: int) -> list[str]:
        """The goals of so many steps of one agent."""
        agent = Listening(after)

        def maker(*_: object) -> Callable[[int], Agent]:
            return lambda _: agent

        self.monkeypatch.setattr(assembly, "agent_maker", maker)
        self.farm.run(self.swarm, self.farm.plan(evaluations=steps), self.events.append)
        return agent.goals

    def versions(self) -> list[str]:
        """Trees of the versions under which the agent's offspring were made, oldest first."""
        found = [row.offspring for row in view(self.farm, self.swarm).attempts("a1")]
        commits = [self.swarm.git.commit(commit) for commit in found if commit]
        return [read_provenance(commit).spec or "" for commit in commits]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    farm = Farm(tmp_path)
    # A strategy that never merges, so that every step asks the agent.
    settings = (
        SETTINGS.replace("[search]", "[search]\nstrategy = 'hill-climb'") + "[goal]\ntext='a'\n"
    )
    return Night(farm, farm.swarm(settings=settings), monkeypatch)


def test_a_goal_that_is_set_or_undone_during_a_run_holds_from_the_next_step(night: Night) -> None:
    first = night.swarm.spec().tree
    trees = [first]

    def human(step: int) -> None:
        if step == 2:
            night.desk.goal("b")
            trees.append(night.swarm.spec().tree)
        if step == 4:
            night.desk.undo()

    assert night.run(human, 5) == ["a", "a", "b", "b", "a"]
    old, new = trees
    assert night.versions() == [old, old, new, new, old]
    assert not [event for event in night.events if event.kind == "problem"]


def test_other_settings_wait_for_the_next_run_and_that_is_said_once(night: Night) -> None:
    old = night.swarm.spec()

    def human(step: int) -> None:
        if step == 1:
            search = old.settings.search.model_copy(update={"ahead": 3})
            night.desk.settings(old.settings.model_copy(update={"search": search}), "ask ahead")
            night.desk.goal("b")

    assert night.run(human, 4) == ["a"] * 4
    assert night.versions() == [old.tree] * 4
    (said,) = [event.text for event in night.events if event.kind == "problem"]
    assert "until evogit run starts again" in said
    assert set(night.run(lambda step: None, 1)) == {"b"}


def test_a_spec_that_can_not_be_read_is_not_followed(night: Night) -> None:
    git = night.swarm.git

    def broken(step: int) -> None:
        if step == 1:
            tip = night.swarm.spec().commit
            empty = git.write_commit(git.build_tree([]), [tip], "spec: x\n", author="eve", time=1)
            git.move_ref("refs/evogit/spec", old=tip, new=empty)

    tip = night.swarm.spec().commit
    assert night.run(broken, 3) == ["a"] * 3
    (said,) = [event.text for event in night.events if event.kind == "problem"]
    assert "not followed" in said
    assert read_spec(git, tip).settings.goal.text == "a"
