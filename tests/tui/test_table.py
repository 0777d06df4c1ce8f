"""Columns that give way, and a cursor that stays on its line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from tests.tui.kit import running, screen_text, settled
from tests.tui.world import HOSTILE, World

from evogit_tui.fleet import Member
from evogit_tui.views.agents import AgentsView
from evogit_tui.widgets.columns import Column, fit
from evogit_tui.widgets.table import Table

_COLUMNS = st.lists(
    st.builds(
        Column,
        st.just("title"),
        st.integers(1, 20),
        right=st.booleans(),
        flexible=st.booleans(),
        yields=st.integers(0, 9),
    ),
    max_size=12,
)


@given(_COLUMNS, st.integers(0, 200))
def test_columns_that_may_go_leave_until_the_rest_fits(columns: list[Column], width: int) -> None:
    widths = fit(columns, width)
    needed = sum(found + 1 for found in widths if found)
    if needed > width:
        assert all(not widths[i] for i, column in enumerate(columns) if column.yields)
    gone = [column.yields for column, found in zip(columns, widths, strict=True) if not found]
    stays = [column.yields for column, found in zip(columns, widths, strict=True) if found]
    assert all(gone)
    assert min(gone, default=99) >= max(stays, default=0)


@given(_COLUMNS, st.integers(60, 200))
def test_what_is_left_over_goes_to_the_first_flexible_column(
    columns: list[Column], width: int
) -> None:
    widths = fit(columns, width)
    flexible = [i for i, column in enumerate(columns) if column.flexible and widths[i]]
    needed = sum(found + 1 for found in widths if found)
    if flexible and needed >= width:
        assert needed == width or widths[flexible[0]] == columns[flexible[0]].width
    for i, column in enumerate(columns):
        assert widths[i] in (0, column.width) or i == flexible[0]


def _names(table: Table[Member]) -> Sequence[str]:
    return [member.name for member in table.lines]


def test_the_cursor_stays_on_its_line_when_others_come_and_go(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            app.show_view("agents")
            await settled(pilot)
            table = app.query_one(AgentsView).agents
            lines = list(table.lines)
            assert table.select("a3")
            table.fill(lines[1:])
            assert table.current is not None
            assert (table.current.name, _names(table)) == ("a3", ["a2", "a3", "a4"])
            table.fill(lines[:2])
            assert table.current.name == "a2", "its line is gone: the nearest"
            table.fill([])
            assert table.current is None
            await pilot.pause()
            assert "no agent yet" in screen_text(app)

    asyncio.run(scenario())


def test_on_the_first_line_the_cursor_follows_what_is_new(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            app.show_view("agents")
            await settled(pilot)
            log = app.query_one(AgentsView).log_table
            lines = list(log.lines)
            log.fill(lines[3:])
            log.to_edge(top=True)
            log.fill(lines)
            assert log.current is lines[0]
            log.move(4)
            log.fill(lines[2:])
            assert log.current is lines[4]

    asyncio.run(scenario())


def test_hostile_text_in_a_cell_is_shown_tame(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (200, 60)) as (app, pilot):
            app.show_view("operations")
            await settled(pilot)
            text = screen_text(app)
            assert HOSTILE[1] not in text
            assert "tame wild" in text
            assert "CANARY" not in text

    asyncio.run(scenario())


def test_a_click_moves_the_cursor_and_a_double_click_opens(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, pilot):
            app.show_view("agents")
            await settled(pilot)
            table = app.query_one(AgentsView).agents
            await pilot.click(table, offset=(5, 2))
            assert table.current is not None
            assert table.current.name == "a2"
            await pilot.click(table, offset=(5, 3), times=2)
            await settled(pilot)
            assert "log of a3" in screen_text(app)

    asyncio.run(scenario())
