"""A merge whose conflicting lines an agent decides, with a real repository."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from evogit.config.load import parse
from evogit.evolve.offspring import Made, Nursery
from evogit.git.merge_text import Hunk
from evogit.proposals import MERGE, NoProposal, Proposal, Step, Task
from evogit.records import Spend
from evogit.swarm.individuals import read_provenance

if TYPE_CHECKING:
    from conftest import Garden

    from evogit.ids import CommitId

START = "".join(f"line {i}\n" for i in range(12))


@dataclass
class Mutant:
    """An agent that decides no conflicts."""

    kind = "mutant"
    seen: list[Task] = field(default_factory=list[Task])

    def worst_case(self) -> Spend:
        return Spend()

    def propose(self, task: Task) -> Proposal | NoProposal:
        self.seen.append(task)
        return NoProposal("mutate", "not today")


@dataclass
class Judge(Mutant):
    """One that decides them: its own word at every conflict, or what it is told."""

    answer: Proposal | NoProposal | None = None

    def resolve(self, task: Task) -> Proposal | NoProposal:
        self.seen.append(task)
        if self.answer is not None:
            return self.answer
        changes: dict[str, bytes | None] = {}
        for one in task.conflicts:
            parts = [b"decided\n" if isinstance(p, Hunk) else p for p in one.pieces]
            changes[one.path] = b"".join(parts)
        return Proposal("resolve", changes, "both", model="m", spend=Spend(5, 6, 0.5))


def parents(garden: Garden) -> tuple[CommitId, CommitId]:
    root = garden.grow("a0", {"pkg/a.py": START, "pkg/b.py": START, "gone.py": START})
    ours = START.replace("line 3\n", "ours\n")
    theirs = START.replace("line 3\n", "theirs\n").replace("line 9\n", "agreed\n")
    one = garden.grow("a1", {"pkg/a.py": ours, "pkg/b.py": ours}, root)
    git = garden.swarm.git
    two = garden.grow("a2", {"pkg/a.py": theirs, "gone.py": theirs}, root)
    assert git.commit(two).parents == (root,)
    return one, two


def merge(
    garden: Garden, agent: Mutant, both: tuple[CommitId, CommitId], conflicts: str = "model"
) -> Made:
    spec = garden.swarm.spec()
    text = f"""
[evaluate]
stages = [{{ name = "main", run = ["python", "run.py"], score = ["python", "/eval/score.py"] }}]
[search]
conflicts = "{conflicts}"
"""
    wanted = replace(spec, settings=parse(text))
    nursery = Nursery(garden.swarm.git, wanted, garden.phylogeny(), 0, 1)
    return nursery.propose(agent, "a1", 1, Step(MERGE, both), [], Random(1))()


def content(garden: Garden, made: Made, path: str) -> str:
    assert made.tree is not None, made.reason
    files = garden.swarm.git.files(made.tree)
    return garden.swarm.git.read_blob(files[path].blob).decode()


def test_an_agent_that_can_decides_the_lines_and_the_kernel_the_rest(garden: Garden) -> None:
    agent = Judge()
    both = parents(garden)
    made = merge(garden, agent, both)
    wanted = START.replace("line 3\n", "decided\n").replace("line 9\n", "agreed\n")
    assert content(garden, made, "pkg/a.py") == wanted
    assert "ours" in content(garden, made, "pkg/b.py")
    assert "theirs" in content(garden, made, "gone.py")
    assert made.commit is not None
    commit = garden.swarm.git.commit(made.commit)
    assert commit.parents == both
    told = read_provenance(commit)
    assert (told.operator, told.model, told.spend.cost_usd) == ("resolve", "m", 0.5)
    assert told.merge_base == garden.swarm.git.commit(both[0]).parents[0]
    task = agent.seen[0]
    assert [one.path for one in task.conflicts] == ["pkg/a.py"]
    assert task.operator == "resolve"
    assert task.base is not None
    assert task.base.commit == told.merge_base


def test_an_agent_that_can_not_leaves_them_to_fitness(garden: Garden) -> None:
    agent = Mutant()
    made = merge(garden, agent, parents(garden))
    assert made.operator == MERGE
    assert "ours" in content(garden, made, "pkg/a.py")
    assert agent.seen == []


@pytest.mark.parametrize("conflicts", ["fitness", "random"])
def test_an_agent_is_asked_only_where_the_settings_say_so(garden: Garden, conflicts: str) -> None:
    agent = Judge()
    assert merge(garden, agent, parents(garden), conflicts).operator == MERGE
    assert agent.seen == []


def test_a_merge_without_conflicts_asks_nobody(garden: Garden) -> None:
    root = garden.grow("a0", {"pkg/a.py": START})
    one = garden.grow("a1", {"pkg/x.py": "x = 1\n"}, root)
    two = garden.grow("a2", {"pkg/a.py": START + "more\n"}, root)
    agent = Judge()
    made = merge(garden, agent, (one, two))
    assert made.operator == MERGE
    assert made.commit is not None
    assert agent.seen == []


def test_deciding_other_files_than_those_in_conflict_is_refused(garden: Garden) -> None:
    for changes in ({"pkg/a.py": b"x\n", "pkg/b.py": b"x\n"}, {"pkg/b.py": b"x\n"}):
        agent = Judge(answer=Proposal("resolve", changes, "s", spend=Spend(1, 1, 0.1)))
        made = merge(garden, agent, parents(garden))
        assert made.commit is None
        assert "other files" in made.reason
        assert made.spend == Spend(1, 1, 0.1)


def test_no_decision_is_recorded_with_its_reason_and_price(garden: Garden) -> None:
    agent = Judge(answer=NoProposal("resolve", "too hard", "m", Spend(2, 3, 0.2)))
    made = merge(garden, agent, parents(garden))
    assert (made.commit, made.reason, made.spend) == (None, "too hard", Spend(2, 3, 0.2))


class Blunderer(Mutant):
    def worst_case(self) -> Spend:
        return Spend(100, 100, 0.25)

    def propose(self, task: Task) -> Proposal | NoProposal:
        raise RecursionError("garbage \x1b[2J")


def test_an_agent_that_blunders_makes_an_attempt_at_its_worst_cost(garden: Garden) -> None:
    nursery = Nursery(garden.swarm.git, garden.swarm.spec(), garden.phylogeny(), 0, 1)
    step = Step("mutate", (garden.swarm.base,))
    made = nursery.propose(Blunderer(), "a1", 1, step, [], Random(1))()
    assert made.commit is None
    assert made.reason.endswith(":Blunderer) failed: RecursionError: garbage")
    assert made.spend == Spend(100, 100, 0.25)


class Namer(Mutant):
    def propose(self, task: Task) -> Proposal | NoProposal:
        return Proposal("mutate", {"pkg/caf\udce9.py": b"x = 1\n"}, "a name that is no text")


def test_a_new_file_whose_name_is_no_text_is_refused(garden: Garden) -> None:
    nursery = Nursery(garden.swarm.git, garden.swarm.spec(), garden.phylogeny(), 0, 1)
    made = nursery.propose(Namer(), "a1", 1, Step("mutate", (garden.swarm.base,)), [], Random(1))()
    assert made.commit is None
    assert "not UTF-8" in made.reason
