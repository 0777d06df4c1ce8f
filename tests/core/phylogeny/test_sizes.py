"""How much larger a genome is, and why a lineage prefers the shorter of two equals."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from evogit.git.trees import Change
from evogit.ids import CommitId
from evogit.outcome import Scored
from evogit.strategies.evogit import EvoGit


def test_growth_counts_the_bytes_that_differ(swarm: Any) -> None:
    longer = swarm.individual("a1", text="base, and more")
    phylogeny = swarm.phylogeny()
    base, row = 0, phylogeny.index(longer)
    assert phylogeny.growth(base, row) == len(", and more")
    assert phylogeny.growth(row, base) == -len(", and more")
    assert phylogeny.growth(row, row) == 0


def test_growth_counts_files_that_come_and_go_and_folders(swarm: Any) -> None:
    git = swarm.git
    tree = git.commit(swarm.base).tree
    added = git.change_tree(tree, {"a/b/c.py": Change(git.write_blob(b"12345")), "main.py": None})
    made = git.write_commit(added, [swarm.base], "more", author="h", time=9)
    swarm.set("refs/heads/h", made)
    phylogeny = swarm.phylogeny()
    assert phylogeny.growth(0, phylogeny.index(made)) == 5 - len("base")


@pytest.mark.parametrize(
    ("here", "there", "score", "taken"),
    [
        ("something long", "short", 2.0, True),
        ("short", "something long", 2.0, False),
        ("short", "later", 2.0, False),
        ("short", "something long", 2.5, True),
        ("something long", "short", 1.5, False),
    ],
)
def test_of_two_as_good_the_shorter_is_kept(
    swarm: Any, here: str, there: str, score: float, taken: bool
) -> None:
    tip = swarm.individual("a1", text=here)
    made = swarm.commit([tip], text=there)
    assert accepts(swarm, {swarm.base: 1.0, tip: 2.0, made: score}, made) is taken


def test_the_base_is_not_whittled_down(swarm: Any) -> None:
    made = swarm.commit([swarm.base], text="b")
    assert not accepts(swarm, {swarm.base: 1.0, made: 1.0}, made)
    assert accepts(swarm, {}, made, drift=1)


def accepts(swarm: Any, scores: dict[CommitId, float], made: CommitId, **options: object) -> bool:
    records = [swarm.evaluation(commit, score) for commit, score in scores.items()]
    if records:
        swarm.journal("w1", *records, keep=[made])
    phylogeny = swarm.phylogeny()
    outcome = phylogeny.outcome(phylogeny.index(made))
    assert isinstance(outcome, Scored)
    return EvoGit(**options).accepts(phylogeny, "a1", made, outcome, Random(0))
