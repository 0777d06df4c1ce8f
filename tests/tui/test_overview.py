"""The views of the whole: population, lineage, agents, operations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from tests.tui.kit import SIZES, check_golden, running, screen_text, settled
from tests.tui.world import World
from textual.pilot import Pilot

from evogit_tui.app import EvoGitApp
from evogit_tui.options import Options

_VIEWS = ("population", "lineage", "agents", "operations")


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day on the screen repeat."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def _show(app: EvoGitApp, pilot: Pilot[None], world: World, view: str) -> None:
    app.point_at(world.ids["a3"])
    app.show_view(view)
    await _steady(pilot)


async def _steady(pilot: Pilot[None]) -> None:
    """Wait until nothing on the screen changes any more, the footer included."""
    before, same = "", 0
    while same < 5:
        await settled(pilot)
        now = screen_text(pilot.app)
        same = same + 1 if now == before and "Quit" in now.split("\n")[-2] else 0
        before = now


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", _VIEWS)
def test_a_view_looks_as_it_did(world: World, view: str, size: tuple[int, int]) -> None:
    async def scenario() -> None:
        async with running(world, size) as (app, pilot):
            await _show(app, pilot, world, view)
            await check_golden(app, view)

    asyncio.run(scenario())


@pytest.mark.parametrize("view", _VIEWS)
def test_ascii_means_ascii(world: World, view: str) -> None:
    async def scenario() -> None:
        async with running(world, (120, 40), Options(sync=0, ascii=True)) as (app, pilot):
            await _show(app, pilot, world, view)
            text = screen_text(app).replace("größte Zahl 数", "")
            odd = sorted({character for character in text if not character.isascii()})
            assert not odd, f"{odd} in\n{text}"
            await check_golden(app, f"{view}-ascii")

    asyncio.run(scenario())


@pytest.mark.parametrize("view", _VIEWS)
def test_without_colours_nothing_is_missing(
    world: World, view: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def text_of() -> str:
        async with running(world, (120, 40)) as (app, pilot):
            await _show(app, pilot, world, view)
            return screen_text(app)

    coloured = asyncio.run(text_of())
    monkeypatch.setenv("NO_COLOR", "1")
    assert asyncio.run(text_of()) == coloured


@pytest.mark.parametrize("view", _VIEWS)
def test_an_ansi_theme_does_as_well(world: World, view: str) -> None:
    async def scenario() -> None:
        async with running(world, (80, 24), Options(sync=0, theme="ansi-dark")) as (app, pilot):
            await _show(app, pilot, world, view)
            await check_golden(app, view)

    asyncio.run(scenario())


def test_the_population_is_sorted_and_filtered_by_keys(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            await pilot.press("2", "s")
            await settled(pilot)
            lines = screen_text(app).split("\n")
            assert [line.split()[0] for line in lines[2:6]] == ["a3", "a2", "a1", "▌a4"]
            assert "sort: score" in lines[-3]
            await pilot.press("number_sign")
            await settled(pilot)
            assert "1 of 4 lineages" in screen_text(app)
            await pilot.press("exclamation_mark")
            await settled(pilot)
            assert "none is running; 0 shows all" in screen_text(app)
            await pilot.press("0")
            await settled(pilot)
            assert "4 of 4 lineages" in screen_text(app)

    asyncio.run(scenario())


def test_a_marked_lineage_shows_its_mark(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            await pilot.press("2", "g", "j", "C")
            await settled(pilot)
            assert app.model.marks == [world.ids["a2"]]
            assert "▌▸a2" in screen_text(app)
            await pilot.press("C")
            await settled(pilot)
            assert "▌a2" in screen_text(app)

    asyncio.run(scenario())


def test_a_lineage_of_the_population_is_opened_by_enter(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            await pilot.press("2", "g", "j", "enter")
            await settled(pilot)
            assert app.view_name == "lineage"
            assert app.model.cursor == world.ids["a2"]
            assert "lineage a2" in screen_text(app)
            await pilot.press("j")
            await settled(pilot)
            assert app.model.cursor != world.ids["a2"]
            assert "lineage a2" in screen_text(app), "an older step is of the same lineage"
            await pilot.press("enter")
            assert app.view_name == "diff"

    asyncio.run(scenario())


def test_the_lineage_is_plotted_by_any_metric_scale_and_axis(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            app.point_at(world.ids["a2"])
            await pilot.press("3")
            await settled(pilot)
            assert "score, maximize (o)" in screen_text(app)
            await pilot.press("o")
            await settled(pilot)
            assert "size (o)" in screen_text(app)
            await pilot.press("o", "a", "l")
            await settled(pilot)
            text = screen_text(app)
            assert "time (o)" in text
            assert "over generations (a)" in text
            assert "log (l)" in text
            await pilot.press("o")
            await settled(pilot)
            assert "score, maximize (o)" in screen_text(app)

    asyncio.run(scenario())


def test_pending_feedback_and_the_goals_version_are_told(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (160, 40)) as (app, pilot):
            app.point_at(world.ids["a2"])
            await pilot.press("3")
            await settled(pilot)
            text = screen_text(app)
            assert "feedback: 1 pending, 0 delivered" in text
            assert "goal v2 (by ada 22:58)" in text

    asyncio.run(scenario())


def test_the_log_is_entered_left_and_leads_to_the_individual(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            app.point_at(world.ids["a3"])
            await pilot.press("5", "enter")
            await settled(pilot)
            assert "log of a3" in screen_text(app)
            await pilot.press("escape")
            await settled(pilot)
            assert "log of all" in screen_text(app)
            assert app.view_name == "agents"
            await pilot.press("g", "enter", "g", "enter")
            await settled(pilot)
            assert app.view_name == "phylogeny"
            assert app.model.cursor == world.ids["a1"]

    asyncio.run(scenario())


def test_an_operation_is_undone_and_brought_back_by_enter(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            await pilot.press("6", "g", "j", "j", "j")
            await settled(pilot)
            assert app.model.facts is not None
            assert app.model.facts.steering.paused("a3")
            assert "pause by ada" in screen_text(app)
            await pilot.press("enter")
            await settled(pilot)
            assert "Undo this decision?" in screen_text(app)
            await pilot.press("y")
            await settled(pilot)
            assert not app.model.desk.steering.paused("a3")

    asyncio.run(scenario())


def test_a_new_goal_shows_what_changed(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (200, 60)) as (app, pilot):
            await pilot.press("6", "g", "j", "j", "j", "j")
            await settled(pilot)
            text = screen_text(app)
            assert '-text = "Make x large, and keep the tests green"' in text
            assert '+text = "Make x large, and keep the tests green; no literals"' in text

    asyncio.run(scenario())
