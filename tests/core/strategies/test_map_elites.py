"""MAP-Elites keeps the fittest of every niche, and its archives cover the space evenly."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evogit.errors import ConfigError
from evogit.outcome import Failed, Outcome, Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.strategies.archive import Grid, Voronoi, tessellate
from evogit.strategies.elites import Elites
from evogit.strategies.map_elites import MapElites
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Garden

    from evogit.ids import CommitId

SECONDS = "seconds 0..10"


class Judged:
    """Individuals with the metric ``seconds``; the phylogeny is made once and refreshed."""

    def __init__(self, garden: Garden) -> None:
        self.garden = garden
        self._count = 0
        self._journal = Journal(garden.swarm.git, "w1")

    def grow(self, outcome: Outcome, parent: CommitId | None = None) -> CommitId:
        self._count += 1
        text = {"pkg/x.py": f"x = {self._count}\n"}
        commit = self.garden.grow(f"a{self._count}", text, parent)
        self.judge(commit, outcome)
        return commit

    def judge(self, commit: CommitId, outcome: Outcome, seed: int = 0) -> None:
        git, spec = self.garden.swarm.git, self.garden.swarm.spec()
        purpose = "repeat" if seed else "search"
        found = Evaluation(
            commit,
            git.commit(commit).tree,
            spec.evaluator,
            "",
            seed,
            outcome,
            agent="a1",
            purpose=purpose,
        )
        self._journal.append(found, keep=[commit]).result(60)

    def phylogeny(self, *, maximize: bool = True) -> Phylogeny:
        spec = self.garden.swarm.spec()
        git = self.garden.swarm.git
        return Phylogeny(git, evaluator=spec.evaluator, environment="", maximize=maximize)

    def close(self) -> None:
        self._journal.close()


def taking(seconds: float, score: float) -> Scored:
    return Scored(score, {"seconds": seconds})


def parents(strategy: MapElites, phylogeny: Phylogeny) -> set[CommitId]:
    return {strategy.plan(phylogeny, "a1", Random(i)).parents[0] for i in range(60)}


@pytest.mark.parametrize("maximize", [True, False])
def test_every_niche_has_its_fittest_as_parent_and_no_other(
    garden: Garden, *, maximize: bool
) -> None:
    judged = Judged(garden)
    sign = 1 if maximize else -1
    best = judged.grow(taking(1.2, sign * -3.0))
    judged.grow(taking(1.4, sign * -4.0))
    slow = judged.grow(taking(9.0, sign * -900.0))
    judged.grow(Failed("tests", "no"))
    judged.grow(Scored(sign * 1e9))  # lacks the metric: it has no niche
    judged.close()
    phylogeny = judged.phylogeny(maximize=maximize)
    strategy = MapElites(measures=SECONDS, niches=10)
    assert parents(strategy, phylogeny) == {best, slow}


def test_news_change_the_elites_as_a_strategy_made_afresh_sees_them(garden: Garden) -> None:
    judged = Judged(garden)
    lucky = judged.grow(taking(1.0, 5.0))
    phylogeny = judged.phylogeny()
    strategy = MapElites(measures=SECONDS, niches=10)
    assert parents(strategy, phylogeny) == {lucky}
    steady = judged.grow(taking(1.1, 3.0))
    other = judged.grow(taking(5.0, 1.0))
    judged.judge(lucky, taking(1.0, 0.0), seed=1)  # under noise the mean counts: 2.5
    judged.close()
    phylogeny.refresh()
    assert parents(strategy, phylogeny) == {steady, other}
    fresh = MapElites(measures=SECONDS, niches=10)
    for i in range(20):
        plan = strategy.plan(phylogeny, "a1", Random(i))
        assert plan == fresh.plan(judged.phylogeny(), "a1", Random(i))


def test_what_is_older_than_the_window_is_no_elite(garden: Garden) -> None:
    judged = Judged(garden)
    rows = [judged.grow(taking(float(i), 1.0)) for i in range(5)]
    judged.close()
    phylogeny = judged.phylogeny()
    strategy = MapElites(measures=SECONDS, niches=10, window=2)
    assert parents(strategy, phylogeny) == set(rows[-2:])


def test_elites_are_found_by_looking_at_the_news_alone(garden: Garden) -> None:
    judged = Judged(garden)
    for i in range(4):
        judged.grow(taking(float(i), 1.0))
    asked: list[int] = []

    def niche(phylogeny: Phylogeny, row: int) -> int:
        del phylogeny
        asked.append(row)
        return row % 2

    phylogeny, elites = judged.phylogeny(), Elites(niche, 1000)
    elites.all(phylogeny)
    asked.clear()
    new = judged.grow(taking(2.0, 1.0))
    judged.close()
    phylogeny.refresh()
    elites.all(phylogeny)
    assert asked == [phylogeny.index(new)]


def test_measures_of_the_code_need_no_metric(garden: Garden) -> None:
    judged = Judged(garden)
    small = judged.grow(Scored(1.0))
    large = judged.garden.grow("b1", {"pkg/x.py": "y = [" + "1, " * 400 + "]\n"})
    judged.judge(large, Scored(-1.0))
    judged.close()
    assert parents(MapElites(measures="size"), judged.phylogeny()) == {small, large}
    many = "size, depth, branches, loops"
    assert parents(MapElites(measures=many), judged.phylogeny()) == {small, large}


@pytest.mark.parametrize(
    "measures",
    ["", "seconds", "size,", "size, size", "seconds 5..1", "size 0", "1..2", ", ".join("abc" * 9)],
)
def test_measures_that_can_not_be_read_are_a_clear_error(measures: str) -> None:
    with pytest.raises(ConfigError, match=r"search\.options\.measures") as caught:
        MapElites(measures=measures)
    assert caught.value.hint


@given(st.integers(2, 500), st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_a_grid_has_about_as_many_niches_as_wished(niches: int, point: list[float]) -> None:
    grid = Grid(niches, len(point))
    each = round(niches ** (1 / len(point)))
    assert 0 <= grid.niche(tuple(point)) < each ** len(point)
    assert grid.niche((1.0,) * len(point)) == each ** len(point) - 1


def test_more_than_three_measures_make_even_voronoi_cells() -> None:
    cells = tessellate(40, 5)
    assert isinstance(cells, Voronoi)
    assert [cells.niche(centroid) for centroid in cells.centroids] == list(range(40))
    assert cells.centroids == Voronoi(40, 5).centroids
    random = Random(1)
    found = [cells.niche(tuple(random.random() for _ in range(5))) for _ in range(4000)]
    assert min(found.count(niche) for niche in range(40)) > 20


@pytest.mark.parametrize("make", [lambda: MapElites(niches=1), lambda: MapElites(window=0)])
def test_numbers_out_of_bounds_are_a_clear_error(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"search\.options\."):
        make()
