"""An offspring that says what a judged individual said is not evaluated again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pygit2
import pytest

from evogit.config.functions import Function
from evogit.evolve.novelty import ANSWERED_BEFORE, NEWEST, SAID_BEFORE, Novelty
from evogit.evolve.offspring import Made, Nursery
from evogit.git.repository import GitRepository
from evogit.git.trees import Change
from evogit.ids import CommitId, TreeId
from evogit.outcome import Failed, Outcome, Scored
from evogit.proposals import Proposal, Step, Task
from evogit.records import Evaluation, Spend
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden

LOOP = "def f(a):\n    s = 0\n    for i in a:\n        s += i\n        s += 1\n    return s\n"
SAME = "# the sum\ndef f(a):\n    t = 0\n    for k in a:\n        t += k; t += 1\n    return t\n"
MOVED = "def f(a):\n    s = 0\n    for i in a:\n        s += i\n    s += 1\n    return s\n"
FILE = "pkg/x.py"


class Writer:
    """Proposes one text."""

    kind = "writer"

    def __init__(self, text: str) -> None:
        self._text = text

    def propose(self, task: Task) -> Proposal:
        del task
        return Proposal("mutate", {FILE: self._text.encode()}, "write")

    def worst_case(self) -> Spend:
        return Spend()


def judge(garden: Garden, commit: CommitId, outcome: Outcome) -> None:
    git, journal = garden.swarm.git, Journal(garden.swarm.git, "w1")
    evaluator = garden.swarm.spec().evaluator
    found = Evaluation(commit, git.commit(commit).tree, evaluator, "", 0, outcome, agent="a1")
    journal.append(found, keep=[commit]).result(60)
    journal.close()


def written(garden: Garden, text: str) -> TreeId:
    git = garden.swarm.git
    base = git.commit(garden.swarm.base).tree
    return git.change_tree(base, {FILE: Change(git.write_blob(text.encode()))})


def made(garden: Garden, text: str, **search_options: object) -> Made:
    spec = garden.swarm.spec()
    search = spec.settings.search.model_copy(update=search_options)
    spec = replace(spec, settings=spec.settings.model_copy(update={"search": search}))
    nursery = Nursery(garden.swarm.git, spec, garden.phylogeny(), 0, 1)
    step = Step("mutate", (garden.swarm.base,))
    return nursery.propose(Writer(text), "a2", 1, step, (), Random(1))()


def test_a_rejected_offspring_names_its_twin_and_is_no_individual(garden: Garden) -> None:
    first = garden.grow("a1", {FILE: LOOP})
    judge(garden, first, Scored(1.0))
    found = made(garden, SAME)
    assert found.commit is None
    assert found.duplicate_of == first
    assert found.reason == SAID_BEFORE
    assert made(garden, SAME, novelty="tree").commit is not None


def test_other_code_for_the_same_answers_is_judged_only_if_nothing_declares_the_inputs(
    garden: Garden,
) -> None:
    first = garden.grow("a1", {FILE: "def f(a):\n    return a if a < 50 else 3\n"})
    judge(garden, first, Scored(1.0))
    same = "def f(a):\n    return 3 if a > 49.5 else a + 0\n"
    declared = Function(file=FILE, name="f", arguments={"a": (0, 100)})
    found = made(garden, same, functions=(declared,))
    assert (found.commit, found.duplicate_of, found.reason) == (None, first, ANSWERED_BEFORE)
    assert made(garden, same).commit is not None
    assert made(garden, same.replace("3", "4"), functions=(declared,)).commit is not None
    assert made(garden, same, functions=(declared,), novelty="tree").commit is not None


def test_a_shorter_way_to_the_answers_of_its_parent_is_judged_but_the_base_is_left_as_it_is(
    garden: Garden,
) -> None:
    text = "def f(a):\n    return a + 0 if a < 50 else 3\n"
    first = garden.grow("a1", {FILE: text})
    judge(garden, first, Scored(1.0))
    phylogeny = garden.phylogeny()
    declared = Function(file=FILE, name="f", arguments={"a": (0, 100)})
    novelty = Novelty(garden.swarm.git, phylogeny, gates=False, functions=(declared,))
    shorter, longer = (written(garden, text.replace("a + 0", way)) for way in ("a", "a + 0 + 0"))
    assert novelty.twin(shorter, [first]) is None
    assert novelty.twin(longer, [first]) == phylogeny.index(first)
    assert novelty.twin(shorter, [garden.swarm.base]) == phylogeny.index(first)


def test_a_statement_that_left_a_loop_is_news_though_its_patch_id_is_the_same(
    garden: Garden,
) -> None:
    first = garden.grow("a1", {FILE: LOOP})
    judge(garden, first, Scored(1.0))
    handle, base = garden.swarm.git.handle, garden.swarm.git.commit(garden.swarm.base).tree
    old = handle[base].peel(pygit2.Tree)
    trees = [handle[written(garden, text)].peel(pygit2.Tree) for text in (LOOP, MOVED)]
    patches = {str(old.diff_to_tree(tree).patchid) for tree in trees}
    assert len(patches) == 1
    assert made(garden, MOVED).commit is not None


@pytest.mark.parametrize(
    ("outcome", "gates", "known"),
    [
        (Scored(-1.0), True, True),
        (Failed("tests", "no"), False, True),
        (Failed("lint", "no"), True, False),
        (None, False, False),
    ],
)
def test_only_what_was_judged_counts_and_behind_gates_only_what_has_a_score(
    garden: Garden, outcome: Outcome | None, *, gates: bool, known: bool
) -> None:
    first = garden.grow("a1", {FILE: LOOP})
    if outcome is not None:
        judge(garden, first, outcome)
    phylogeny = garden.phylogeny()
    novelty = Novelty(garden.swarm.git, phylogeny, gates=gates)
    twin = novelty.twin(written(garden, SAME), [garden.swarm.base])
    assert twin == (phylogeny.index(first) if known else None)


def test_the_answer_is_the_same_after_a_restart_and_sees_what_came_since(garden: Garden) -> None:
    phylogeny = garden.phylogeny()
    novelty = Novelty(garden.swarm.git, phylogeny, gates=False)
    parents, tree = [garden.swarm.base], written(garden, SAME)
    assert novelty.twin(tree, parents) is None
    first = garden.grow("a1", {FILE: LOOP})
    judge(garden, first, Scored(1.0))
    garden.grow("a2", {FILE: "x = 5\n"})
    phylogeny.refresh()
    found = novelty.twin(tree, parents)
    assert found == phylogeny.index(first)
    fresh = garden.phylogeny()
    assert Novelty(garden.swarm.git, fresh, gates=False).twin(tree, parents) == found


def test_relatives_are_compared_however_old_they_are(
    garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evogit.evolve.novelty.NEWEST", 1)
    assert NEWEST > 1
    first = garden.grow("a1", {FILE: LOOP})
    judge(garden, first, Scored(1.0))
    other = garden.grow("a2", {FILE: "x = 5\n"})
    garden.grow("a3", {FILE: "x = 6\n"})
    novelty = Novelty(garden.swarm.git, garden.phylogeny(), gates=False)
    tree = written(garden, SAME)
    assert novelty.twin(tree, [garden.swarm.base]) is not None  # a sibling
    assert novelty.twin(tree, [first]) is not None  # the parent itself
    assert novelty.twin(tree, [other]) is None  # neither, and not of the newest


@pytest.mark.slow
def test_a_seeded_run_of_map_elites_repeats(tmp_path: Path) -> None:
    from evogit.cli.main import main

    tips: list[CommitId | None] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        assert main(["init", "--problem", "heilbronn-triangle", str(folder)]) == 0
        limits = ["--seed", "7", "-n", "1", "--max-evaluations", "40"]
        assert main(["run", "-C", str(folder), "--strategy", "map-elites", *limits]) == 0
        tips.append(GitRepository(folder / ".git/evogit/swarm.git").ref("refs/heads/a1"))
    assert tips[0] is not None
    assert tips[0] == tips[1]
