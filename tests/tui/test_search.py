"""Search: what matches, in which order it is visited, and that it never holds anything up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.tui.kit import running, screen_text, settled, until
from tests.tui.terminal import Terminal
from tests.tui.world import World
from textual.pilot import Pilot

from evogit_tui.app import EvoGitApp
from evogit_tui.search import Query, Search, find_line, looker
from evogit_tui.views.phylogeny import PhylogenyView
from evogit_tui.widgets.search_bar import SearchBar

Scenario = Callable[[EvoGitApp, Pilot[None], SearchBar], Awaitable[None]]


def play(world: World, scenario: Scenario) -> None:
    """Act in the first view."""

    async def run() -> None:
        async with running(world, (120, 30)) as (app, pilot):
            await scenario(app, pilot, app.query_one(SearchBar))

    asyncio.run(run())


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what comes of them."""
    await pilot.press(*keys)
    await settled(pilot)


def scanned(query: Query, texts: list[str]) -> Search:
    """A finished search over some texts."""
    search = Search()
    search.begin(query)
    while search.scan(lambda row, q: q.matches(texts[row]), len(texts), lambda: True):
        pass
    return search


@pytest.mark.parametrize(
    ("query", "text", "matches"),
    [
        (Query("parser"), "Split the Parser", True),
        (Query("Parser"), "split the parser", False),
        (Query("sptpr"), "split the parser", False),
        (Query("sptpr", fuzzy=True), "split the parser", True),
        (Query("sp tpr", fuzzy=True), "split the parser", True),
        (Query("zz", fuzzy=True), "split the parser", False),
        (Query("größte"), "tighten größte Zahl", True),
    ],
)
def test_a_text_matches_or_does_not(query: Query, text: str, matches: bool) -> None:
    assert query.matches(text) is matches


def test_individuals_are_found_by_subject_agent_operator_name_and_id(world: World) -> None:
    model = world.model()
    facts = model.look()
    assert facts is not None
    look = looker(model.phylogeny, facts.names, model.session.swarm.git)
    rows = range(facts.individuals)

    def found(text: str) -> list[int]:
        return [row for row in rows if look(row, Query(text))]

    best = model.phylogeny.index(world.ids["best"])
    assert found("simplify the parser (39)") == [best]
    assert best in found("a3")
    assert found(world.ids["best"][:6]) == [best]
    assert [model.phylogeny.commit(row) for row in found("record")] == [world.ids["tagged"]]
    assert len(found("merge")) == 3
    assert found("msg:evogit-step: 10") == [row for row in rows if model.phylogeny.step(row) == 10]


def test_a_search_that_is_replaced_stops() -> None:
    search = Search()
    search.begin(Query("x"))
    assert search.scan(lambda _, __: True, 10_000, lambda: True)
    assert search.scan(lambda _, __: True, 10_000, lambda: False) is False
    assert 0 < search.scanned < 10_000


def test_matches_are_visited_in_the_order_of_the_lines_and_round_again() -> None:
    search = scanned(Query("x"), ["x", "", "x", "", "x"])
    rows = [4, 3, 2, 1]
    visited = [search.next(rows, here, forward=True) for here in (None, 4, 3, 2)]
    assert visited == [4, 2, 2, 4]
    assert search.next(rows, 4, forward=False) == 2


def test_individuals_that_come_later_are_looked_at_later() -> None:
    search = scanned(Query("x"), ["x"])
    texts = ["x", "x"]
    search.scan(lambda row, q: q.matches(texts[row]), 2, lambda: True)
    assert (search.count, search.scanned) == (2, 2)


def test_typing_goes_to_the_first_match_and_marks_all(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "g", "slash", *"cache")
        await until(pilot, lambda: "7 of 41" in screen_text(app))
        lines = [line for line in screen_text(app).split("\n") if line.startswith("/")]
        assert all("cache" in line for line in lines[:-1])
        assert "cache" in app.model.phylogeny.subject(app.model.current or 0)

    play(world, scenario)


def test_n_goes_on_and_escape_ends_it(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "slash", *"cache", "enter")
        first = app.model.cursor
        await press(pilot, "n")
        assert app.model.cursor != first
        await press(pilot, "N")
        assert app.model.cursor == first
        await press(pilot, "escape")
        assert not bar.search.active
        assert not bar.display
        assert "/  " not in screen_text(app)[:200]

    play(world, scenario)


def test_escape_while_typing_goes_back_to_where_it_began(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        app.point_at(world.ids["merge"])
        await press(pilot, "slash", *"record")
        await until(pilot, lambda: app.model.cursor == world.ids["tagged"])
        await press(pilot, "escape")
        assert app.model.cursor == world.ids["merge"]

    play(world, scenario)


def test_keys_typed_at_once_after_the_slash_are_all_searched_for(world: World) -> None:
    with Terminal(world.root, (120, 30)) as terminal:
        terminal.until_shows("41 individuals")
        terminal.press("/evil zoo")  # e, z and o alone would do something else
        terminal.until_shows("/ evil zoo", "0 of 41")


def test_keys_are_for_the_view_again_after_enter(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "slash", *"cache", "enter", "2")
        assert app.view_name == "population"

    play(world, scenario)


def test_fuzzy_and_message_search_are_a_key_and_a_prefix_away(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "slash", "ctrl+x", *"tgz")
        await until(pilot, lambda: bar.search.scanned == 41)
        assert bar.search.count > 0
        assert "fuzzy" in screen_text(app)
        await press(pilot, "escape", "slash", "ctrl+x", *"msg:Evogit-Step: 10")
        await until(pilot, lambda: bar.search.scanned == 41 and bar.search.count == 4)

    play(world, scenario)


def test_matches_that_a_filter_hides_are_not_visited(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "at")
        await until(pilot, lambda: len(app.query_one(PhylogenyView).visible_rows()) == 3)
        await press(pilot, "slash", *"cache", "enter", "n", "n")
        phylogeny = app.model.phylogeny
        assert len(phylogeny.parents(app.model.current or 0)) == 2

    play(world, scenario)


def test_tables_are_searched_line_by_line(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], bar: SearchBar) -> None:
        await press(pilot, "6", "slash", *"promote", "enter")
        place = app.view.findable()
        assert place is not None
        assert "promote" in place.find_text(place.find_here)
        await press(pilot, "n")
        assert find_line(place, Query("no such line"), forward=True) is None

    play(world, scenario)
