"""Weights of selection do not depend on the unit or sign of a score; mates are chosen as named."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evogit.errors import ConfigError
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, CommitId
from evogit.outcome import Failed, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.strategies.alps import AgeLayers
from evogit.strategies.evogit import EvoGit
from evogit.strategies.hill_climb import HillClimb
from evogit.strategies.mating import NEAR, Mating, distance, mate, niche_count, place
from evogit.strategies.selection import draw, puct, weights
from evogit.strategies.tournament import Tournament
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden

Fitness = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=12)


class Bed:
    """A garden whose individuals are judged as they grow; close it to look at the phylogeny."""

    def __init__(self, garden: Garden) -> None:
        self.garden = garden
        self._journal = Journal(garden.swarm.git, "w1")

    @property
    def git(self) -> GitRepository:
        return self.garden.swarm.git

    def grow(
        self, agent: str, text: str, score: float | None, parent: CommitId | None = None
    ) -> CommitId:
        commit = self.garden.grow(agent, {"pkg/x.py": text}, parent)
        outcome = Failed("tests", "no") if score is None else Scored(score)
        self._judge(commit, outcome, 0, "search")
        return commit

    def again(self, commit: CommitId, score: float) -> None:
        self._judge(commit, Scored(score), 1, "repeat")

    def _judge(self, commit: CommitId, outcome: Scored | Failed, seed: int, purpose: str) -> None:
        tree, evaluator = self.git.commit(commit).tree, self.garden.swarm.spec().evaluator
        found = Evaluation(commit, tree, evaluator, "", seed, outcome, agent="a1", purpose=purpose)
        self._journal.append(found, keep=[commit]).result(60)

    def phylogeny(self, *, maximize: bool = True) -> Phylogeny:
        evaluator = self.garden.swarm.spec().evaluator
        return Phylogeny(self.git, evaluator=evaluator, environment="", maximize=maximize)

    def close(self) -> None:
        self._journal.close()


def at_step(phylogeny: Phylogeny, commit: CommitId, step: int) -> None:
    """As if ``commit`` were what ``a1`` made in this step, its newest."""
    phylogeny._table.steps[phylogeny.index(commit)] = step  # pyright: ignore[reportPrivateUsage]
    phylogeny._state.ledger.last_steps["a1"] = step  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def bed(garden: Garden) -> Bed:
    return Bed(garden)


@given(Fitness, st.floats(0.01, 100), st.floats(-1e4, 1e4))
def test_weights_stay_when_the_unit_or_the_origin_of_scores_changes(
    fitness: list[float], unit: float, origin: float
) -> None:
    offspring = [0] * len(fitness)
    before = weights(fitness, offspring, 3.0)
    after = weights([value * unit + origin for value in fitness], offspring, 3.0)
    assert after == pytest.approx(before, rel=1e-3)


@given(Fitness, st.integers(0, 100), st.floats(0.1, 20))
def test_no_weight_vanishes_the_fitter_weighs_more_and_offspring_weigh_less(
    fitness: list[float], offspring: int, pressure: float
) -> None:
    found = weights(fitness, [0] * len(fitness), pressure)
    assert all(weight > 0 and math.isfinite(weight) for weight in found)
    order = sorted(range(len(fitness)), key=lambda i: fitness[i])
    ranked = [found[i] for i in order]
    assert ranked == sorted(ranked)
    fewer = weights(fitness, [offspring] * len(fitness), pressure)
    assert fewer == pytest.approx([weight / (1 + offspring) for weight in found])


def test_where_most_are_alike_the_one_that_is_fitter_still_weighs_more() -> None:
    found = weights([1.0, 1.0, 1.0, 1.0, 1.5], [0] * 5, 3.0)
    assert found[4] > 1.5 * found[0]


Point = st.tuples(*[st.floats(0, 1)] * 8)


@given(Point, Point)
def test_distances_lie_between_0_and_1_and_are_mutual(
    a: tuple[float, ...], b: tuple[float, ...]
) -> None:
    assert 0 <= distance(a, b) <= 1
    assert distance(a, b) == distance(b, a)
    assert distance(a, a) == 0


@given(Point, st.integers(1, 9))
def test_a_crowd_of_equals_shares_one_niche(point: tuple[float, ...], crowd: int) -> None:
    assert niche_count(point, [point] * crowd) == pytest.approx(crowd)
    far = tuple(1.0 - round(value) for value in point)
    assume(distance(point, far) > NEAR)
    assert niche_count(point, [point, far]) == pytest.approx(1)


SMALL = "x = {}\n"
LARGE = "for i in range(9):\n    if i:\n        print(i, 1, 2, 3)\n" * 9 + SMALL


@pytest.mark.parametrize("maximize", [True, False])
def test_mates_are_alike_unlike_or_of_no_crowd_as_wished(bed: Bed, *, maximize: bool) -> None:
    own = bed.grow("a1", SMALL.format(1), -5.0)
    crowd = [bed.grow(f"a{i}", SMALL.format(i), -5.0) for i in range(2, 5)]
    loner = bed.grow("a5", LARGE.format(5), -5.0)
    bed.close()
    phylogeny, random = bed.phylogeny(maximize=maximize), Random(1)
    rows = [phylogeny.index(commit) for commit in (*crowd, loner)]
    assert distance(*(place(phylogeny, rows[i]) for i in (0, 3))) > NEAR

    def share(how: Mating) -> float:
        picked = Counter(
            mate(phylogeny, phylogeny.index(own), rows, how, random) for _ in range(400)
        )
        return picked[rows[3]] / 400

    assert share("alike") < 0.2 < share("random") < 0.3
    assert share("shared") > 0.4
    assert share("unlike") > 0.8


def test_of_two_as_alike_the_fitter_is_the_likelier_mate(bed: Bed) -> None:
    own = bed.grow("a1", SMALL.format(1), 0.0)
    weak, strong = (bed.grow(f"a{i}", SMALL.format(i), float(i) - 9) for i in (2, 3))
    bed.close()
    for maximize, better in ((True, strong), (False, weak)):
        phylogeny, random = bed.phylogeny(maximize=maximize), Random(1)
        rows = [phylogeny.index(commit) for commit in (weak, strong)]
        picked = [mate(phylogeny, phylogeny.index(own), rows, "shared", random) for _ in range(300)]
        assert picked.count(phylogeny.index(better)) > 170


def test_tree_search_expands_the_fit_until_the_untried_are_due(bed: Bed) -> None:
    fit = bed.grow("a1", "x = 1\n", 2.0)
    rest = [bed.grow(f"a{i}", f"x = {i}\n", 1.0 / i) for i in (2, 3)]
    for i in range(6):
        bed.grow("a9", f"x = {i + 10}\n", None, fit)
    bed.close()
    phylogeny = bed.phylogeny()
    rows = [phylogeny.index(commit) for commit in (fit, *rest)]
    assert puct(phylogeny, rows, 0.0) == rows[0]
    assert puct(phylogeny, rows, 10.0) == rows[1]
    plans = {
        Tournament(sampling="puct").plan(phylogeny, "a1", Random(i)).parents[0] for i in range(9)
    }
    assert plans <= {fit, *rest}


def test_old_champions_are_no_parents_in_the_young_layers(bed: Bed) -> None:
    commit = None
    for i in range(8):
        commit = bed.grow("a1", f"x = {i + 1}\n", float(i) if i else -60.0)
    young = bed.grow("a2", "x = -1\n", -50.0)
    bed.close()
    phylogeny = bed.phylogeny()
    strategy = AgeLayers(layers=2, gap=1, renew=0)
    plans = Counter(strategy.plan(phylogeny, "a3", Random(i)).parents[0] for i in range(200))
    assert commit is not None
    assert plans[commit] > 20  # of the old layer, by far the fittest
    assert plans[young] > 20  # of the young one, where the champion is not


def test_the_newest_and_the_best_of_all_time_are_drawn_with_the_same_chance(bed: Bed) -> None:
    for i in range(12):
        bed.grow(f"a{i}", f"x = {i + 1}\n", -float(i))
    bed.close()
    phylogeny = bed.phylogeny()
    drawn = Counter(draw(phylogeny, 1, 6, Random(i), 3)[0] for i in range(1800))
    assert set(drawn) == {1, 2, 3, *range(7, 13)}
    assert all(140 < count < 260 for count in drawn.values())


def test_a_tournament_is_no_greedier_than_its_size(bed: Bed) -> None:
    for i in range(60):
        bed.grow(f"a{i}", f"x = {i + 1}\n", float(i))
    bed.close()
    phylogeny, strategy = bed.phylogeny(), Tournament()
    parents = [strategy.plan(phylogeny, "a1", Random(i)).parents[0] for i in range(400)]
    of_the_best = sum(phylogeny.index(parent) > 50 for parent in parents)
    assert 0.43 < of_the_best / 400 < 0.63  # 1 - (50/60)^4 is 0.52


def test_the_base_is_a_parent_in_the_youngest_layer_and_no_other(bed: Bed) -> None:
    commit = None
    for i in range(4):  # generations 1 to 4: with these limits layers 0, 1 and 2
        commit = bed.grow("a1", f"x = {i + 1}\n", float(i), commit)
    bed.close()
    phylogeny = bed.phylogeny()

    def share(strategy: AgeLayers) -> float:
        plans = [strategy.plan(phylogeny, "a2", Random(i)).parents[0] for i in range(600)]
        return plans.count(phylogeny.commit(0)) / 600

    assert share(AgeLayers(gap=1)) == pytest.approx(1 / 6, abs=0.05)
    assert share(AgeLayers(gap=1, renew=0)) == 0
    assert share(AgeLayers(gap=1, renew=0, window=2, elite=0)) == pytest.approx(1 / 2, abs=0.07)


def test_ages_go_into_layers_by_the_square_of_their_number() -> None:
    strategy = AgeLayers(layers=6, gap=3)
    first = [next(a for a in range(99) if strategy.layer(a) == i) for i in range(6)]
    assert first == [0, 4, 7, 13, 28, 49]


def test_a_stuck_agent_climbs_anew_from_the_base_alone_until_it_moves_no_more(bed: Bed) -> None:
    base = bed.garden.swarm.base
    tip = bed.grow("a1", "x = 1\n", 9.0)
    other = bed.grow("a2", "x = 2\n", 8.0)
    bed.close()
    phylogeny = bed.phylogeny()
    strategy = EvoGit(patience=20, merge_every=0, backtrack=0, cross=0.5, borrow=0.5)

    def parents(step: int) -> set[tuple[CommitId, ...]]:
        phylogeny._state.ledger.last_steps["a1"] = step  # pyright: ignore[reportPrivateUsage]
        return {strategy.plan(phylogeny, "a1", Random(i)).parents for i in range(40)}

    assert parents(10) == {(tip,), (other,), (tip, other)}
    assert parents(30) == {(base,)}
    at_step(phylogeny, tip, 31)  # as if it were the new climb's first step
    assert parents(40) == {(tip,)}
    assert parents(42) == {(tip,), (other,), (tip, other)}


def test_an_aloof_agent_looks_at_others_once_it_moves_no_more(bed: Bed) -> None:
    tip = bed.grow("a1", "x = 1\n", 9.0)
    other = bed.grow("a2", "x = 2\n", 8.0)
    borrowed = bed.grow("a3", "x = 3\n", 8.5, other)
    bed.close()
    phylogeny = bed.phylogeny()
    strategy = EvoGit(aloof=20, merge_every=0, backtrack=0, cross=0.5, borrow=0.5)

    def parents(agent: str, step: int) -> set[CommitId]:
        phylogeny._state.ledger.last_steps[agent] = step  # pyright: ignore[reportPrivateUsage]
        plans = [strategy.plan(phylogeny, agent, Random(i)) for i in range(40)]
        return {parent for plan in plans for parent in plan.parents}

    assert parents("a1", 10) == {tip}
    assert parents("a1", 40) == {tip, other, borrowed}
    assert parents("a3", 10) == {tip, other, borrowed}, "it is in company already"
    assert parents("a4", 10) == {bed.garden.swarm.base}


def test_the_best_of_all_is_a_mate_where_everybody_has_left_it(bed: Bed) -> None:
    best = bed.grow("a1", "x = 1\n", 9.0)
    bed.grow("a1", "x = 2\n", 3.0, bed.garden.swarm.base)
    tip = bed.grow("a2", "x = 3\n", 4.0)
    bed.close()
    phylogeny, strategy = bed.phylogeny(), EvoGit(cross=1, backtrack=0, merge_every=0)
    mates = {strategy.plan(phylogeny, "a2", Random(i)).parents for i in range(40)}
    assert (tip, best) in mates
    assert len(mates) == 2


def test_an_improvement_of_the_last_step_before_a_restart_is_kept(bed: Bed) -> None:
    tip = bed.grow("a1", "x = 1\n", 5.0)
    better = bed.grow("a2", "x = 2\n", 6.0, tip)
    first = bed.grow("a3", "x = 3\n", 1.0, bed.garden.swarm.base)
    bed.close()
    phylogeny, strategy = bed.phylogeny(), HillClimb(patience=20)
    phylogeny._state.ledger.last_steps["a1"] = 21  # pyright: ignore[reportPrivateUsage]
    assert strategy.plan(phylogeny, "a1", Random(1)).parents == (tip,)
    at_step(phylogeny, better, 22)
    assert strategy.accepts(phylogeny, "a1", better, Scored(6.0), Random(1))
    assert strategy.plan(phylogeny, "a1", Random(1)).parents == (bed.garden.swarm.base,)
    at_step(phylogeny, first, 23)
    assert strategy.accepts(phylogeny, "a1", first, Scored(1.0), Random(1))


def test_a_worse_offspring_of_a_step_that_was_no_restart_is_refused(bed: Bed) -> None:
    bed.grow("a1", "x = 1\n", 9.0)
    other = bed.grow("a2", "x = 2\n", 5.0)
    as_good = bed.grow("a3", "x = 3\n", 5.0, other)
    first = bed.grow("a4", "x = 4\n", 1.0, bed.garden.swarm.base)
    bed.close()
    phylogeny = bed.phylogeny()
    for strategy in (EvoGit(patience=20), HillClimb(patience=20)):
        for step, commit, wanted in ((22, first, False), (23, first, True), (23, as_good, False)):
            at_step(phylogeny, commit, step)
            assert strategy.accepts(phylogeny, "a1", commit, Scored(1.0), Random(1)) is wanted


def test_where_an_agent_was_seeded_it_climbs_however_many_steps_it_has_made(bed: Bed) -> None:
    seed = bed.grow("someone", "x = 1\n", 1.0)
    bed.git.move_ref(HEADS + "a1", old=None, new=seed)
    bed.close()
    phylogeny = bed.phylogeny()
    phylogeny._state.ledger.last_steps["a1"] = 400  # pyright: ignore[reportPrivateUsage]
    assert HillClimb(patience=200).plan(phylogeny, "a1", Random(1)).parents == (seed,)


def test_an_agent_goes_back_to_any_eligible_ancestor_of_its_tip(bed: Bed) -> None:
    first = bed.grow("a1", "x = 1\n", 1.0)
    failed = bed.grow("a1", "x = 2\n", None, first)
    tip = bed.grow("a1", "x = 3\n", 3.0, failed)
    bed.close()
    phylogeny = bed.phylogeny()
    always, never = EvoGit(backtrack=1), EvoGit(backtrack=0)
    plans = {always.plan(phylogeny, "a1", Random(i)) for i in range(40)}
    assert {plan.parents[0] for plan in plans} == {first}
    assert {plan.inspirations for plan in plans} == {(tip,)}
    assert never.plan(phylogeny, "a1", Random(1)).parents == (tip,)


@pytest.mark.parametrize(
    "options", [{"explore": 2}, {"backtrack": 1.5}, {"mates": "rich"}, {"patience": -1}]
)
def test_the_options_of_the_default_strategy_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"search\.options\."):
        EvoGit(**options)  # pyright: ignore[reportArgumentType]
