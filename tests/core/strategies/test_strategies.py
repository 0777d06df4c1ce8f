"""Every strategy keeps the contract on any swarm, and each does what its paper says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.errors import ConfigError
from evogit.ids import CommitId
from evogit.outcome import Failed, Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.plugins import load, names
from evogit.proposals import MERGE, Strategy
from evogit.records import Attempt, Decision, Evaluation
from evogit.strategies.front import Front, Values, dominates
from evogit.strategies.islands import Islands
from evogit.strategies.pareto import Pareto, crowding, ranked
from evogit.strategies.selection import draw, eligible, roulette, tournament
from evogit.strategies.tournament import Tournament
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden

NAMES = sorted(names("evogit.strategies"))


def made(name: str) -> Strategy:
    """A strategy with its defaults."""
    return cast("Callable[[], Strategy]", load("evogit.strategies", name))()


@dataclass
class Grown:
    """A garden whose individuals were judged."""

    garden: Garden
    journal: Journal

    def judged(self, agent: str, number: int, outcome: Outcome | None) -> CommitId:
        commit = self.garden.grow(agent, {"pkg/x.py": f"x = {number}\n"})
        if outcome is not None:
            git, spec = self.garden.swarm.git, self.garden.swarm.spec()
            tree = git.commit(commit).tree
            found = Evaluation(commit, tree, spec.evaluator, "", 0, outcome, agent=agent)
            self.journal.append(found, keep=[commit]).result(10)
        return commit


@pytest.fixture
def grown(garden: Garden) -> Grown:
    journal = Journal(garden.swarm.git, "w1")
    return Grown(garden, journal)


@pytest.fixture
def mixed(grown: Grown) -> Phylogeny:
    """Four agents with scored, failed and unjudged individuals, negative scores among them."""
    for i in range(12):
        outcome = Failed("tests", "no") if i % 5 == 4 else Scored(float(i - 6), {"size": 100.0 - i})
        grown.judged(f"a{i % 4 + 1}", i, outcome)
    grown.judged("a1", 99, None)
    grown.journal.close()
    return grown.garden.phylogeny()


@pytest.mark.parametrize("name", NAMES)
def test_parents_of_any_plan_are_individuals_and_mates_differ(name: str, mixed: Phylogeny) -> None:
    strategy = made(name)
    random = Random(1)
    for agent in ("a1", "a2", "a4", "nobody-yet"):
        for _ in range(60):
            step = strategy.plan(mixed, agent, random)
            assert step.parents
            assert all(parent in mixed for parent in (*step.parents, *step.inspirations))
            if step.operator in {MERGE, "cross"}:
                assert len(set(step.parents)) == 2


@pytest.mark.parametrize("name", NAMES)
def test_nothing_without_a_score_is_accepted(name: str, grown: Grown) -> None:
    strategy = made(name)
    commit = grown.judged("a1", 1, Failed("tests", "no"))
    grown.journal.close()
    phylogeny = grown.garden.phylogeny()
    for agent in ("a1", "a2"):
        assert not strategy.accepts(phylogeny, agent, commit, Failed("tests", "no"), Random(1))


@pytest.mark.parametrize("name", NAMES)
def test_a_swarm_of_the_base_alone_gets_a_plan(name: str, garden: Garden) -> None:
    strategy = made(name)
    phylogeny = garden.phylogeny()
    step = strategy.plan(phylogeny, "a1", Random(1))
    assert step.parents == (phylogeny.commit(0),)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_chance_makes_the_same_plan(name: str, mixed: Phylogeny) -> None:
    strategy = made(name)
    plans = [[strategy.plan(mixed, "a2", Random(7)) for _ in range(3)] for _ in range(2)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tournament(sampling="lottery"),
        lambda: Tournament(size=0),
        lambda: Islands(topology="mesh"),
        lambda: Islands(rate=2),
        lambda: Pareto(objectives="speed"),
        lambda: Pareto(objectives=""),
        lambda: Pareto(objectives="+a, +a"),
        lambda: Pareto(objectives="+a, -score"),
    ],
)
def test_an_option_out_of_bounds_is_a_clear_error(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"search\.options\.") as caught:
        make()
    assert caught.value.hint


def test_only_scored_individuals_that_are_not_pruned_may_be_parents(mixed: Phylogeny) -> None:
    drawn = draw(mixed, 100, 10**6, Random(3))
    assert drawn
    assert len(set(drawn)) == len(drawn)
    assert all(eligible(mixed, row) and mixed.score(row) is not None for row in drawn)


def test_the_fittest_of_a_tournament_wins_and_weights_follow_fitness(mixed: Phylogeny) -> None:
    rows = draw(mixed, 100, 10**6, Random(3))
    best = max(rows, key=mixed.fitness)
    assert tournament(mixed, rows, len(rows), Random(1)) == best
    random = Random(1)
    picked = [mixed.fitness(roulette(mixed, rows, 10.0, random)) for _ in range(400)]
    flat = [mixed.fitness(roulette(mixed, rows, 0.0, random)) for _ in range(400)]
    assert sum(picked) / 400 > sum(flat) / 400


@pytest.mark.parametrize(
    ("topology", "expected"),
    [("ring", {"a1", "a3"}), ("star", {"a1"}), ("full", {"a1", "a3", "a4"})],
)
def test_migrants_come_by_the_bridges_of_the_topology_only(
    topology: str, expected: set[str], grown: Grown
) -> None:
    for i, agent in enumerate(("a1", "a2", "a3", "a4")):
        grown.judged(agent, i, Scored(float(i)))
    grown.journal.close()
    phylogeny = grown.garden.phylogeny()
    strategy, random = Islands(topology=topology, interval=1), Random(1)
    mates = {strategy.plan(phylogeny, "a2", random).parents[1] for _ in range(60)}
    by_tip = {phylogeny.commit(row): name for name, row in phylogeny.tips.items()}
    assert {by_tip[mate] for mate in mates} == expected


def test_a_migrant_whose_merge_gave_nothing_is_crossed_in_the_next_step(grown: Grown) -> None:
    own, other = (grown.judged(a, i, Scored(float(i))) for i, a in enumerate(("a1", "a2"), 1))
    strategy = Islands(interval=1000, merge=1)

    def operators() -> set[str]:
        phylogeny = grown.garden.phylogeny()
        return {strategy.plan(phylogeny, "a1", Random(i)).operator for i in range(20)}

    assert operators() == {"mutate"}
    vain = Attempt("a1", MERGE, 20, (own, other), reason="its tree is known")
    grown.journal.append(vain).result(10)
    assert operators() == {"cross"}
    grown.journal.append(replace(vain, operator="cross", step=21, time=1.0)).result(10)
    grown.journal.close()
    assert operators() == {"mutate"}


Points = st.lists(
    st.tuples(st.integers(0, 5).map(float), st.integers(0, 5).map(float)), min_size=1, max_size=12
)


@given(Points)
def test_no_individual_is_ranked_behind_one_it_dominates(values: list[Values]) -> None:
    order = ranked(dict(enumerate(values)))
    assert sorted(order) == list(range(len(values)))
    place = {row: number for number, row in enumerate(order)}
    for a, b in ((a, b) for a in place for b in place):
        if dominates(values[a], values[b]):
            assert place[a] < place[b]


@given(Points)
def test_the_ends_of_a_front_are_the_loneliest(values: list[Values]) -> None:
    distances = crowding(values)
    for axis in range(2):
        ends = {min(v[axis] for v in values), max(v[axis] for v in values)}
        for end in ends:
            assert any(
                d == math.inf for d, v in zip(distances, values, strict=True) if v[axis] == end
            )


def test_what_is_worse_in_one_respect_and_better_in_another_is_kept(grown: Grown) -> None:
    grown.judged("a1", 1, Scored(5.0, {"seconds": 2.0}))
    slow = grown.judged("a2", 2, Scored(4.0, {"seconds": 3.0}))
    quick = grown.judged("a3", 3, Scored(4.0, {"seconds": 1.0}))
    grown.journal.close()
    phylogeny = grown.garden.phylogeny()
    strategy = Pareto(objectives="+score, -seconds")
    outcomes = [phylogeny.outcome(phylogeny.index(commit)) for commit in (slow, quick)]
    assert [
        strategy.accepts(phylogeny, "a1", commit, outcome, Random(1))
        for commit, outcome in zip((slow, quick), outcomes, strict=True)
        if outcome is not None
    ] == [False, True]
    parents = [strategy.plan(phylogeny, "a1", Random(i)).parents[0] for i in range(200)]
    assert parents.count(slow) < parents.count(quick) / 2


def test_the_front_of_all_time_has_offspring_however_old_it_is(grown: Grown) -> None:
    front = [grown.judged("a1", i, Scored(float(i), {"size": 90.0 + i})) for i in range(1, 4)]
    for i in range(10, 40):
        grown.judged(f"a{i % 2 + 1}", i, Scored(0.0, {"size": 100.0 + i}))
    grown.journal.close()
    phylogeny = grown.garden.phylogeny()
    strategy = Pareto(objectives="+score, -size", window=20)
    parents = [strategy.plan(phylogeny, "a1", Random(i)).parents[0] for i in range(200)]
    assert set(front) <= set(parents)
    assert sum(parent in front for parent in parents) > 0.35 * 200


def test_the_front_follows_what_is_judged_again_pruned_or_new(grown: Grown) -> None:
    front = Front(score_and_size)
    big, small = (grown.judged("a1", i, Scored(float(i), {"size": float(i)})) for i in (9, 1))
    phylogeny = grown.garden.phylogeny()

    def members() -> set[CommitId]:
        phylogeny.refresh()
        return {phylogeny.commit(row) for row in front.of(phylogeny)}

    assert members() == {big, small}
    better = grown.judged("a2", 5, Scored(9.0, {"size": 5.0}))
    assert members() == {better, small}
    tree, spec = grown.garden.swarm.git.commit(better).tree, grown.garden.swarm.spec()
    spoiled = Evaluation(better, tree, spec.evaluator, "", 1, Failed("x", "no"), purpose="repeat")
    grown.journal.append(spoiled, keep=[better]).result(10)
    assert members() == {big, small}
    grown.journal.append(Decision("prune", "me", (small,), time=1.0)).result(10)
    grown.journal.close()
    assert members() == {big}


def score_and_size(phylogeny: Phylogeny, row: int) -> Values | None:
    outcome = phylogeny.outcome(row)
    if not isinstance(outcome, Scored):
        return None
    return outcome.score, -outcome.metrics["size"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_short_run_finds_something_better_than_the_base(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from evogit.cli.main import main

    folder = tmp_path / "run"
    assert main(["init", "--problem", "heilbronn-triangle", str(folder)]) == 0
    arguments = ["run", "-C", str(folder), "--seed", "3", "-n", "2", "--max-evaluations", "60"]
    assert main([*arguments, "--strategy", name]) == 0
    said = capsys.readouterr().out
    assert "best 0.0" in said
    assert "(the base)" not in said
