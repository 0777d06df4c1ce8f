"""The phylogeny view: what its lines say, how the cursor moves, what news do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.tui.kit import SIZES, check_golden, running, screen_text, settled, until
from tests.tui.world import CANARY, START, World
from textual.pilot import Pilot

from evogit.git.trees import Change
from evogit.ids import HEADS, CommitId
from evogit.initialise import init_repository
from evogit.source import find_source
from evogit.swarm.individuals import Provenance, compose
from evogit_tui.app import EvoGitApp
from evogit_tui.options import Options
from evogit_tui.views.phylogeny import PhylogenyView
from evogit_tui.widgets.graph_look import age, columns

Scene = Callable[[EvoGitApp, Pilot[None]], Awaitable[None]]


def play(
    world: World, scene: Scene, size: tuple[int, int] = (120, 40), options: Options | None = None
) -> None:
    async def scenario() -> None:
        async with running(world, size, options) as (app, pilot):
            await scene(app, pilot)

    asyncio.run(scenario())


def view_of(app: EvoGitApp) -> PhylogenyView:
    return app.query_one(PhylogenyView)


def row_under_cursor(app: EvoGitApp) -> int:
    row = view_of(app).graph.row
    assert row is not None
    assert app.model.current == row
    return row


def grow(world: World, agent: str, step: int) -> CommitId:
    """What a worker does: one more individual on an agent's branch."""
    git, ref = world.swarm.git, f"{HEADS}{agent}"
    parent = git.ref(ref)
    assert parent is not None
    changes = {"pkg/x.py": Change(git.write_blob(f"x = {step}\n".encode()))}
    tree = git.change_tree(git.commit(parent).tree, changes)
    message = compose(f"grow {step}", "", Provenance(agent, "mutate", step, seed=1))
    made = git.write_commit(tree, [parent], message, author=agent, time=int(START + step))
    git.move_ref(ref, old=parent, new=made)
    return made


async def complete(app: EvoGitApp, pilot: Pilot[None]) -> None:
    """Wait for folds and, if there is room for them, for the details."""

    def ready() -> bool:
        text = screen_text(app)
        return "folded dead" in text and ("origin" in text or app.size.width < 100)

    await until(pilot, ready)
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_the_view_looks_as_before(world: World, size: tuple[int, int]) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await complete(app, pilot)
        await check_golden(app, "phylogeny")

    play(world, scene, size)


def test_it_can_be_drawn_with_ascii_alone(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await complete(app, pilot)
        await check_golden(app, "phylogeny-ascii")
        graph = view_of(app).graph
        lines = [graph.render_line(y).text for y in range(graph.size.height)]
        names = {name for line in lines for name in line.split() if not name.isascii()}
        assert names <= {"größte", "Zahl", "数", "größte Zahl 数"}

    play(world, scene, (120, 40), Options(sync=0, ascii=True))


def test_nothing_hostile_reaches_the_screen(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        app.point_at(world.ids["hostile"])
        await settled(pilot)
        text = screen_text(app)
        assert CANARY not in text
        assert "\x1b" not in text
        assert "tame" in text

    play(world, scene)


def test_keys_move_the_cursor(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        items = view_of(app).visible_rows()
        assert row_under_cursor(app) == items[0]
        await pilot.press("j", "j", "k")
        assert row_under_cursor(app) == items[1]
        await pilot.press("G")
        assert row_under_cursor(app) == items[-1] == 0
        await pilot.press("k", "pageup")
        place = list(items).index(row_under_cursor(app))
        assert len(items) - 25 < place + view_of(app).graph.size.height < len(items) + 1
        await pilot.press("g")
        assert row_under_cursor(app) == items[0]

    play(world, scene)


def test_the_mouse_chooses_and_opens(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        items = view_of(app).visible_rows()
        await pilot.click(view_of(app).graph, offset=(30, 4))
        await settled(pilot)
        assert row_under_cursor(app) == items[4]
        await pilot.click(view_of(app).graph, offset=(30, 5), times=2)
        await until(pilot, lambda: app.view_name == "diff")

    play(world, scene)


def test_news_on_top_do_not_move_what_is_read(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        graph = view_of(app).graph
        await pilot.press("j", "j", "j")
        row, line = row_under_cursor(app), graph.render_line(3).text
        assert line.startswith(" ▌")
        for step in (90, 91):
            grow(world, "a2", step)
        app.look_now()
        await until(pilot, lambda: app.model.facts and app.model.facts.individuals == 43)
        await settled(pilot)
        assert row_under_cursor(app) == row
        await until(pilot, lambda: graph.scroll_offset.y == 2)
        assert graph.render_line(3).text == line

    play(world, scene, (120, 24))


def test_following_stays_on_the_newest(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await pilot.press("j", "F")
        assert "follow" in screen_text(app)
        newest = grow(world, "a2", 90)
        app.look_now()
        await until(pilot, lambda: app.model.cursor == newest)
        assert row_under_cursor(app) == 41
        await pilot.press("j")
        assert not view_of(app).graph.follow
        await until(pilot, lambda: "follow" not in screen_text(app))

    play(world, scene)


def test_filters_come_and_go(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await pilot.press("ampersand")
        await settled(pilot)
        assert "filter: failed" in screen_text(app)
        failed = list(view_of(app).visible_rows())
        assert failed
        assert all(app.model.phylogeny.standing(row) == "failed" for row in failed)
        assert row_under_cursor(app) in failed
        await pilot.press("ampersand")
        await settled(pilot)
        assert len(view_of(app).visible_rows()) > len(failed)
        await pilot.press("ctrl+s", *"a2 10..", "enter")
        await settled(pilot)
        assert "filter: a2 10.." in screen_text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert "filter:" not in screen_text(app)

    play(world, scene)


def test_a_filter_that_nothing_passes_says_what_to_do(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        view_of(app).set_filter(None)
        await pilot.press("ctrl+s", *"a99", "enter")
        await settled(pilot)
        assert "No individual is like that" in screen_text(app)
        await pilot.press("0")
        await settled(pilot)
        assert "No individual is like that" not in screen_text(app)

    play(world, scene)


def test_pointing_at_what_is_not_shown_says_so(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await pilot.press("ampersand")
        await settled(pilot)
        app.point_at(world.ids["best"])
        await settled(pilot)
        assert "is not among the lines shown" in screen_text(app)
        assert view_of(app).graph.row is None
        assert app.model.cursor == world.ids["best"]

    play(world, scene, (140, 40))


def test_dead_lineages_fold_and_unfold(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        view = view_of(app)
        (fold,) = [
            line for line in screen_text(app).splitlines() if "folded dead lineage a4" in line
        ]
        assert "(10 individuals, best" in fold
        app.point_at(world.ids["pruned"])
        assert view.fold is not None
        await pilot.press("l")
        await settled(pilot)
        assert "folded dead lineage" not in screen_text(app)
        await pilot.press("h")
        await until(pilot, lambda: "folded dead lineage" in screen_text(app))
        app.point_at(world.ids["a1"])
        await pilot.press("h")
        await until(pilot, lambda: "only dead lineages fold" in screen_text(app))

    play(world, scene, (140, 48))


def test_marks_are_seen(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await pilot.press("C", "j", "C", "j")
        lines = [view_of(app).graph.render_line(y).text for y in range(3)]
        assert [line[0] for line in lines] == ["1", "2", " "]
        assert [line[1] for line in lines] == [" ", " ", "▌"]
        await pilot.press("k", "C")
        assert view_of(app).graph.render_line(1).text[0] == " "

    play(world, scene)


def test_order_and_colours_change_with_a_key(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        view = view_of(app)
        await pilot.press("o", "o")
        await settled(pilot)
        assert "order: fitness" in screen_text(app)
        scores = [app.model.phylogeny.fitness(row) for row in view.visible_rows()[:10]]
        assert scores == sorted(scores, reverse=True)
        await pilot.press("o", "ctrl+l")
        await settled(pilot)
        assert "colour: agent" in screen_text(app)
        before = view.graph.render_line(5)
        await pilot.press("ctrl+l")
        assert view.graph.render_line(5).text == before.text
        assert view.graph.render_line(5) != before

    play(world, scene)


def test_details_are_asked_for_where_there_is_little_room(world: World) -> None:
    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        assert "judgement" not in screen_text(app)
        await pilot.press("i")
        await until(pilot, lambda: "judgement" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "judgement" not in screen_text(app))

    play(world, scene, (80, 24))


def test_a_swarm_where_nothing_evolved_says_what_to_do(world: World, tmp_path: Path) -> None:
    root = tmp_path / "young"
    source = find_source(world.root).work_tree
    assert source is not None
    _copy_without_swarm(source, root)
    init_repository(find_source(root), root / "evogit.toml", author="ada")

    async def scene(app: EvoGitApp, pilot: Pilot[None]) -> None:
        assert "evogit run" in screen_text(app)
        assert row_under_cursor(app) == 0
        await pilot.press("j", "k", "G", "pagedown", "enter", "escape", "h", "l", "C", "X")
        await settled(pilot)
        assert row_under_cursor(app) == 0

    play(World(root), scene, (80, 24))


def _copy_without_swarm(source: Path, root: Path) -> None:
    import shutil

    shutil.copytree(source, root, symlinks=True, ignore=shutil.ignore_patterns("swarm.git"))


@pytest.mark.parametrize("width", range(20, 240, 7))
def test_columns_give_way_to_what_changed(width: int) -> None:
    found = columns(width, 64)
    assert found.lanes <= 12
    taken = 2 + found.graph + 7 + 10 + 10 * found.delta + 2 * found.bar
    taken += 9 * found.agent + 5 * found.age + 2
    assert width < 60 or width - taken >= 24
    assert found.agent or not found.delta
    assert found.delta or not found.bar or width < 60


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (86400 * 3, "3d"),
     (86400 * 364, "364d"), (86400 * 800, "2y"), (1e15, "999y")],
)  # fmt: skip
def test_ages_take_four_cells(seconds: float, text: str) -> None:
    assert age(seconds) == text
    assert len(text) <= 4
