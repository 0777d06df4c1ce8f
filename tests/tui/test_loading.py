"""Opening a big swarm: the newest at once, the rest by another process, and a way to stop waiting."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path

import pytest
from tests.tui.kit import screen_text, settled, until
from tests.tui.world import World

from evogit.phylogeny.newest import Newest
from evogit_tui import loading
from evogit_tui.app import EvoGitApp
from evogit_tui.loading import Loader
from evogit_tui.options import Options
from evogit_tui.views.phylogeny import PhylogenyView


def newest_of(world: World, count: int) -> Newest:
    session = world.session()
    return Newest(
        session.swarm.git,
        evaluator=session.spec.evaluator,
        environment=session.environment_digest,
        maximize=True,
        count=count,
    )


def cache_of(world: World) -> Path:
    return world.swarm.private / "phylogeny.cache"


@pytest.fixture
def big(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A swarm that counts as too big to be read at once."""
    monkeypatch.setattr(loading, "SHOWN_AT_ONCE", 5)
    cache_of(world).unlink(missing_ok=True)
    return world


def test_the_newest_are_told_as_the_whole_phylogeny_tells_them(world: World) -> None:
    newest, phylogeny = newest_of(world, 500), world.session().phylogeny
    assert newest.whole
    assert {newest.commit(i) for i in range(len(newest))} == {
        phylogeny.commit(i) for i in range(len(phylogeny))
    }
    for i in range(len(newest)):
        row = phylogeny.index(newest.commit(i))
        same = ("agent", "operator", "subject", "score", "judged_at")
        for name in same:
            assert getattr(newest, name)(i) == getattr(phylogeny, name)(row), name
        fitness = newest.fitness(i), phylogeny.fitness(row)
        assert fitness[0] == fitness[1] or all(map(math.isnan, fitness))
        assert all(parent < i for parent in newest.parents(i))
        assert {newest.commit(p) for p in newest.parents(i)} == {
            phylogeny.commit(p) for p in phylogeny.parents(row)
        }
    tips = {name: newest.commit(row) for name, row in newest.tips.items()}
    assert tips == {name: phylogeny.commit(row) for name, row in phylogeny.tips.items()}


def test_a_few_of_the_newest_are_few(world: World) -> None:
    newest = newest_of(world, 5)
    assert not newest.whole
    assert 5 <= len(newest) <= 12
    assert "f" * 40 not in newest
    assert "no id" not in newest
    assert all(parent < i for i in range(len(newest)) for parent in newest.parents(i))


def test_a_small_swarm_is_opened_at_once(world: World) -> None:
    shown: list[Newest] = []
    assert Loader(world.session()).open(shown.append)
    assert not shown


def test_another_process_reads_a_big_one(big: World) -> None:
    shown: list[Newest] = []
    session = big.session()
    loader = Loader(session)
    assert loader.open(shown.append)
    assert len(shown) == 1
    assert cache_of(big).exists()
    assert len(session.phylogeny) == 41
    again = Loader(big.session())
    assert again.open(shown.append)  # the cache is there now
    assert len(shown) == 1
    assert not loader.stop()


def test_a_load_that_was_stopped_can_be_taken_up_again(big: World) -> None:
    loader = Loader(big.session())

    def stop(_: Newest) -> None:
        assert loader.stop()

    assert not loader.open(stop)
    assert not loader.loading
    assert loader.open(lambda _: None)


def test_if_the_other_process_fails_this_one_reads(
    big: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    session = big.session()
    assert Loader(session).open(lambda _: None)
    assert len(session.phylogeny) == 41


def test_a_damaged_cache_is_made_anew(big: World) -> None:
    cache_of(big).write_bytes(b"evogitph" + bytes(100))
    shown: list[Newest] = []
    assert Loader(big.session()).open(shown.append)
    assert len(shown) == 1


def test_escape_stops_waiting_and_the_newest_can_be_walked(
    big: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Loader._command  # pyright: ignore[reportPrivateUsage]

    def never_ends(_: Loader) -> list[str]:
        return ["sleep", "600"]

    monkeypatch.setattr(Loader, "_command", never_ends)

    async def scenario() -> None:
        app = EvoGitApp(big.model(), Options(sync=0))
        async with app.run_test(size=(120, 40)) as pilot:
            view = app.query_one(PhylogenyView)
            await until(pilot, lambda: len(view.visible_rows()))
            await settled(pilot)
            assert "Reading the rest of the history" in screen_text(app)
            await pilot.press("j", "j")
            assert view.graph.row == view.visible_rows()[2]
            kept = app.model.cursor
            await pilot.press("escape")
            await until(pilot, lambda: "loading stopped" in screen_text(app))
            assert app.model.facts is None
            for key in ("d", "P", "C", "enter", "i", "b", "X", "h", "2", "3", "4", "5", "6", "1"):
                await pilot.press(key)
            await pilot.press("escape")
            monkeypatch.setattr(Loader, "_command", command)
            await pilot.press("R")
            await until(pilot, lambda: app.model.facts is not None)
            await settled(pilot)
            assert "41 individuals" in screen_text(app)
            assert app.model.cursor == kept

    asyncio.run(scenario())
