"""The diff view: comparing, moving about, commenting."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable

import pytest
from tests.tui.kit import SIZES, check_golden, running, screen_text, settled, until
from tests.tui.world import CANARY, World
from textual.pilot import Pilot
from textual.widgets import TextArea

from evogit.ids import CommitId
from evogit_tui.app import EvoGitApp
from evogit_tui.options import Options
from evogit_tui.views.diff import DiffView

Scenario = Callable[[EvoGitApp, Pilot[None], DiffView], Awaitable[None]]


def play(
    world: World,
    commit: CommitId,
    scenario: Scenario,
    size: tuple[int, int] = (120, 40),
    options: Options | None = None,
) -> None:
    """Open the diff view on an individual and act."""

    async def run() -> None:
        async with running(world, size, options) as (app, pilot):
            app.point_at(commit)
            app.show_view("diff")
            view = app.query_one(DiffView)
            await until(pilot, lambda: ready(view, commit))
            app.refresh_bindings()
            await settled(pilot)
            await scenario(app, pilot, view)

    asyncio.run(run())


def ready(view: DiffView, commit: CommitId) -> bool:
    """Whether the comparison of an individual is on the screen."""
    found = view.comparison
    return found is not None and found.request.commit == commit and bool(view.body.lines)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait for what comes of them."""
    await pilot.press(*keys)
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_an_individual_is_compared_with_its_first_parent(
    world: World, size: tuple[int, int]
) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await check_golden(app, "diff")

    play(world, world.ids["best"], scenario, size)


def test_it_can_be_drawn_with_ascii_alone(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "vertical_line")
        text = screen_text(app)
        assert "diff 32a458bd -> dbb61d99" in text
        assert "\n".join(text.split("\n")[2:-2]).isascii()

    play(world, world.ids["best"], scenario, (120, 40), Options(ascii=True, sync=0))


@pytest.mark.parametrize("size", SIZES)
def test_old_and_new_can_stand_side_by_side(world: World, size: tuple[int, int]) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "vertical_line")
        await check_golden(app, "diff-split")

    play(world, world.ids["best"], scenario, size)


def test_one_key_goes_through_the_sides(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        app.model.mark(world.ids["failed"])
        seen: list[str] = []
        for _ in range(5):
            assert view.comparison is not None
            seen.append(view.comparison.request.side)
            await press(pilot, "W")
        assert seen == ["parent 1", "parent 2", "best", "base", "marked"]
        assert view.comparison is not None
        assert view.comparison.request.side == "parent 1"

    play(world, world.ids["merge"], scenario)


def test_an_individual_is_not_compared_with_itself(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        assert "best" not in screen_text(app).split("\n")[2]

    play(world, world.ids["best"], scenario)


def test_brackets_go_from_file_to_file_here_and_from_view_to_view_elsewhere(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "right_square_bracket")
        assert (app.view_name, view.body.block) == ("diff", 1)
        assert view.current_path == "pkg/x.py"
        await press(pilot, "left_square_bracket")
        assert (app.view_name, view.body.block) == ("diff", 0)
        await press(pilot, "1", "right_square_bracket")
        assert app.view_name == "population"

    play(world, world.ids["best"], scenario)


def test_the_cursor_stays_on_its_line_when_more_context_is_shown(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "right_square_bracket", "j", "right_curly_bracket")
        assert "context 6" in screen_text(app)
        assert view.body.block == 1
        await press(pilot, "ctrl+w")
        assert "white space ignored" in screen_text(app)

    play(world, world.ids["best"], scenario)


def test_comments_on_hunks_become_one_feedback_that_quotes_them(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        for file, text in (("left_square_bracket", "keep it"), ("right_square_bracket", "why")):
            await press(pilot, file, "c")
            app.screen.query_one(TextArea).text = text
            await press(pilot, "ctrl+s")
        assert "2 comments queued" in screen_text(app)
        assert "# keep it" in screen_text(app)
        await press(pilot, "S")
        await until(pilot, lambda: len(view.comments) == 0 and app.clerk.idle)
        said = app.model.desk.steering.feedback[-1]
        assert said.commits == (world.ids["best"],)
        assert said.text == (
            "pkg/other.py:2\n"
            "> -     # 15\n> -     return a + b + 15\n> +     # 39\n> +     return a + b + 39\n"
            "keep it\n\n"
            "pkg/x.py:1\n> - x = 35\n> + x = 39\nwhy"
        )

    play(world, world.ids["best"], scenario)


def test_a_comment_can_be_changed_and_taken_away(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "c")
        app.screen.query_one(TextArea).text = "first"
        await press(pilot, "ctrl+s", "c")
        area = app.screen.query_one(TextArea)
        assert area.text == "first"
        area.text = ""
        await press(pilot, "ctrl+s")
        assert len(view.comments) == 0

    play(world, world.ids["best"], scenario)


def test_nothing_of_a_hostile_subject_reaches_the_screen(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        assert CANARY not in screen_text(app)
        assert "tame wild" in screen_text(app)

    play(world, world.ids["hostile"], scenario)


def test_what_a_merge_into_the_users_branch_would_come_to_is_told(world: World) -> None:
    async def clean(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await until(pilot, lambda: "merge into main: clean" in screen_text(app))

    async def conflicting(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await until(pilot, lambda: "merge into main: 1 conflict" in screen_text(app))

    play(world, world.ids["best"], clean)
    (world.root / "pkg/x.py").write_text("x = -1\n")
    subprocess.run(["git", "commit", "-qam", "other"], cwd=world.root, check=True)
    play(world, world.ids["best"], conflicting)


def test_the_base_has_nothing_to_be_compared_with_but_the_best(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        assert view.comparison is not None
        assert view.comparison.request.side == "best"

    play(world, world.ids["base"], scenario)


def test_what_is_looked_for_is_found_among_the_lines(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], view: DiffView) -> None:
        await press(pilot, "slash", *"x = 39", "enter")
        assert view.body.line is not None
        assert view.body.line.row.text == "x = 39"
        assert "found" in screen_text(app)

    play(world, world.ids["best"], scenario)
