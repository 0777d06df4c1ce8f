"""The control for merging does all a strategy does but merge."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from evogit.compare.fork import Fork
from evogit.errors import ConfigError
from evogit.outcome import Scored
from evogit.proposals import MERGE
from evogit.records import Evaluation
from evogit.strategies.evogit import EvoGit
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden


def test_a_fork_mutates_a_parent_exactly_where_the_strategy_merges(
    garden: Garden,
) -> None:
    journal, spec = Journal(garden.swarm.git, "w1"), garden.swarm.spec()
    for agent, number in (("a1", 1), ("a2", 2)):
        commit = garden.grow(agent, {"pkg/x.py": f"x = {number}\n"})
        tree = garden.swarm.git.commit(commit).tree
        found = Evaluation(commit, tree, spec.evaluator, "", 0, Scored(number), agent=agent)
        journal.append(found, keep=[commit]).result(10)
    journal.close()
    phylogeny = garden.phylogeny()
    eager, fork = EvoGit(merge_every=1), Fork(of="evogit", merge_every=1)
    planned = eager.plan(phylogeny, "a1", Random(1))
    assert planned.operator == MERGE
    made = {fork.plan(phylogeny, "a1", Random(seed)).parents for seed in range(20)}
    assert made == {(parent,) for parent in planned.parents}
    assert fork.plan(phylogeny, "a1", Random(1)).operator == "mutate"
    rare = Fork(of="evogit", merge_every=0)
    assert rare.plan(phylogeny, "a1", Random(3)) == EvoGit(merge_every=0).plan(
        phylogeny, "a1", Random(3)
    )


def test_a_fork_of_a_fork_is_refused() -> None:
    with pytest.raises(ConfigError):
        Fork(of="fork")
