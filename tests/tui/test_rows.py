"""Which lines there are: filters, orders, dead lineages and folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tui.world import World

from evogit.errors import UserError
from evogit.steering.desk import Desk
from evogit_tui.filters import KINDS, Filter, parse
from evogit_tui.model import Facts, Model
from evogit_tui.rows import Arrangement, Shape, arrange, dead_root, living
from evogit_tui.states import state_of


def looked(world: World) -> tuple[Model, Facts]:
    model = world.model()
    facts = model.look()
    assert facts is not None
    return model, facts


def arranged(world: World, shape: Shape) -> tuple[Model, Arrangement]:
    model, facts = looked(world)
    return model, arrange(model.phylogeny, facts, shape)


@given(
    kinds=st.frozensets(st.sampled_from(KINDS)),
    agent=st.sampled_from(["", "a1", "h2-b10"]),
    low=st.sampled_from([float("-inf"), -1.5, 0.0]),
    high=st.sampled_from([float("inf"), 0.25, 1e9]),
)
def test_what_a_filter_says_is_what_is_typed_for_it(
    kinds: frozenset[str], agent: str, low: float, high: float
) -> None:
    chosen = Filter(frozenset(k for k in KINDS if k in kinds), agent, low, high)
    assert parse(str(chosen)) == (None if chosen == Filter() else chosen)


@pytest.mark.parametrize("text", ["Bad", "1..0", "x..1", "..y", "\x1b[31m", "a_b", "nan..1"])
def test_words_that_are_no_filter_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse(text)


def test_all_are_shown_newest_first_without_a_word(world: World) -> None:
    model, facts = looked(world)
    shape = Shape(opened=frozenset(facts.steering.pruned))
    assert list(arrange(model.phylogeny, facts, shape).items) == list(range(40, -1, -1))


def test_a_pruned_lineage_is_one_line_until_it_is_unfolded(world: World) -> None:
    model, found = arranged(world, Shape())
    phylogeny = model.phylogeny
    root = phylogeny.index(world.ids["pruned"])
    ((newest, fold),) = found.folds.items()
    members = [row for row in range(41) if phylogeny.pruned(row)]
    assert (fold.root, fold.newest, fold.size) == (root, newest, len(members))
    assert fold.newest == max(members)
    assert fold.best == max(s for s in map(phylogeny.score, members) if s is not None)
    assert sorted(found.items) == sorted({*range(41)} - {*members} | {newest})
    assert all(found.place(row) == found.place(newest) for row in members)
    _, opened = arranged(world, Shape().unfold(world.ids["pruned"]))
    assert len(opened.items) == 41
    _, again = arranged(world, Shape().unfold(world.ids["pruned"]).fold(world.ids["pruned"]))
    assert list(again.items) == list(found.items)


def test_the_population_and_its_ancestors_are_alive(world: World) -> None:
    model, facts = looked(world)
    phylogeny, alive = model.phylogeny, living(model.phylogeny, facts)
    tips = [row for row in facts.tips.values() if not phylogeny.pruned(row)]
    expected = {0, *tips}.union(*(phylogeny.ancestors(row) for row in tips))
    assert {row for row in range(41) if alive[row]} == expected
    for row in range(41):
        root = dead_root(phylogeny, alive, row)
        assert (root is None) == (row in expected)
        if root is not None:
            assert root in phylogeny.lineage(row)
            assert phylogeny.parents(root)[0] in expected


def test_each_filter_shows_just_what_it_names(world: World) -> None:
    model, facts = looked(world)
    phylogeny, alive = model.phylogeny, living(model.phylogeny, facts)
    wanted: dict[str, Callable[[int], object]] = {
        "alive": lambda row: alive[row],
        "dead": lambda row: not alive[row],
        "failed": lambda row: phylogeny.standing(row) == "failed",
        "held": lambda row: phylogeny.commit(row) == world.ids["held"],
        "pending": lambda row: phylogeny.commit(row) == world.ids["pending"],
        "merges": lambda row: len(phylogeny.parents(row)) == 2,
        "a2": lambda row: phylogeny.agent(row) == "a2",
        "10..20": lambda row: 10 <= (phylogeny.score(row) or 0) <= 20,
    }
    for text, holds in wanted.items():
        shape = Shape(filter=parse(text), opened=frozenset(facts.steering.pruned))
        found = arrange(phylogeny, facts, shape)
        assert list(found.items) == [row for row in range(40, -1, -1) if holds(row)], text
        assert found.items, text


def test_hidden_dead_lineages_leave_the_living(world: World) -> None:
    model, facts = looked(world)
    found = arrange(model.phylogeny, facts, Shape(dead=False))
    alive = living(model.phylogeny, facts)
    assert list(found.items) == [row for row in range(40, -1, -1) if alive[row]]


@pytest.mark.parametrize("order", ["fitness", "generation"])
def test_the_fittest_or_latest_generation_comes_first(world: World, order: str) -> None:
    shape = Shape(order="fitness" if order == "fitness" else "generation")
    model, found = arranged(world, shape)
    phylogeny = model.phylogeny
    assert sorted(found.items) == list(range(41))
    if order == "generation":
        keys = [float(phylogeny.generation(row)) for row in found.items]
    else:
        keys = [phylogeny.fitness(row) for row in found.items]
        scored = [key for key in keys if key == key]
        assert keys[: len(scored)] == scored  # those without a score come last
        keys = scored
    assert keys == sorted(keys, reverse=True)


def test_every_state_is_told_apart(world: World) -> None:
    model, facts = looked(world)

    def state(name: str) -> str:
        return state_of(model.phylogeny, facts, model.phylogeny.index(world.ids[name]))

    names = ("best", "failed", "held", "pruned", "promoted", "tagged")
    assert {name: state(name) for name in names} == {name: name for name in names}
    assert state("crashed") == "failed"
    assert state("merge") in {"merge", "alive"}
    assert state("a1") in {"alive", "best"}
    assert state("base") == "evaluated"


def test_a_released_individual_waits_no_longer(world: World) -> None:
    model, _ = looked(world)
    desk: Desk = model.desk
    desk.release([world.ids["held"]])
    facts = model.look()
    assert facts is not None
    row = model.phylogeny.index(world.ids["held"])
    assert model.phylogeny.standing(row) == "scored"
    assert state_of(model.phylogeny, facts, row) in {"evaluated", "best", "merge"}


def test_when_it_was_judged_is_known_of_what_was_judged(world: World) -> None:
    model, _ = looked(world)
    phylogeny = model.phylogeny
    newest = {record.tree: record.time for record in phylogeny.evaluations()}
    for row in range(41):
        assert phylogeny.judged_at(row) == newest.get(phylogeny.tree(row))


def test_shapes_that_hide_nothing_need_no_work(world: World) -> None:
    _, facts = looked(world)
    assert not Shape().plain(facts)  # there is a pruned lineage to fold
    nothing = replace(facts, steering=replace(facts.steering, pruned=frozenset()))
    assert Shape().plain(nothing)
    assert not Shape(order="fitness").plain(nothing)
