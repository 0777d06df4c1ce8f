"""The details pane and the viewer of artefacts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing

import pytest
from tests.tui.kit import check_golden, running, screen_text, settled, until
from tests.tui.world import CANARY, World
from textual.pilot import Pilot

from evogit.ids import CommitId
from evogit.outcome import Failed
from evogit.records import Evaluation
from evogit.swarm.journal import Journal
from evogit_tui.app import EvoGitApp
from evogit_tui.dialogs.viewer import MAX_LINES, Viewer
from evogit_tui.model import Model
from evogit_tui.widgets.details import Details
from evogit_tui.widgets.details_reading import About, read_about
from evogit_tui.widgets.paper import Paper

Scenario = Callable[[EvoGitApp, Pilot[None], Details], Awaitable[None]]


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def play(
    world: World, commit: CommitId, scenario: Scenario, size: tuple[int, int] = (160, 48)
) -> None:
    """Point at an individual where there is room for details."""

    async def run() -> None:
        async with running(world, size) as (app, pilot):
            details = app.query_one(Details)
            app.point_at(commit)
            await until(pilot, lambda: details.about and details.about.commit == commit)
            app.refresh_bindings()
            await settled(pilot)
            await scenario(app, pilot, details)

    asyncio.run(run())


def about(model: Model, commit: CommitId) -> About:
    facts = model.look() or model.facts
    assert facts is not None
    return read_about(model, facts, commit)


def text_of(found: About, name: str) -> str:
    """The text of a section, or nothing if there is none."""
    lines = [line for section in found.sections if section.name == name for line in section.lines]
    return "\n".join("".join(part.text for part in line) for line in lines)


@pytest.mark.parametrize("name", ["best", "merge", "held", "failed"])
def test_an_individual_is_described(world: World, name: str) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        await check_golden(app, f"details-{name}")

    play(world, world.ids[name], scenario)


def test_on_the_widest_screen_all_of_it_is_seen(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        await check_golden(app, "details-best")

    play(world, world.ids["best"], scenario, (200, 60))


def test_what_is_known_of_each_end_is_told(world: World) -> None:
    model = world.model()
    told = {name: about(model, world.ids[name]) for name in ("failed", "held", "crashed", "best")}
    assert "failed compiles: SyntaxError" in text_of(told["failed"], "judgement")
    assert text_of(told["held"], "findings") == "hold answer-literals pkg/x.py:1 x = 27"
    assert "measured 27, held for a human" in text_of(told["held"], "judgement")
    assert "crashed in main" in text_of(told["crashed"], "judgement")
    assert "parent 35.3  +4 better" in text_of(told["best"], "judgement")


def test_a_long_reason_is_told_in_full_line_by_line(world: World) -> None:
    said = "exit status 2: " + "cc -c x.c\n" * 40 + "x.c:1: error: \x1b]52;c;aGk=\x07no y"
    commit, swarm = world.ids["failed"], world.swarm
    tree, evaluator = swarm.git.commit(commit).tree, swarm.spec().evaluator
    environment = (swarm.private / "environment").read_text()
    outcome = Failed("compiles", said)
    with closing(Journal(swarm.git, "w8")) as journal:
        failed = Evaluation(commit, tree, evaluator, environment, 1, outcome, time=time.time())
        journal.append(failed, keep=[commit]).result(10)
    lines = text_of(about(world.model(), commit), "judgement").split("\n")
    assert lines[0] == "failed compiles: exit status 2: x.c:1: error: no y"
    assert lines[1:3] == ["exit status 2: cc -c x.c", "cc -c x.c"]
    assert lines[41] == "x.c:1: error: no y"


def test_how_it_came_to_be_and_what_it_changed_is_told(world: World) -> None:
    found = about(world.model(), world.ids["best"])
    origin = text_of(found, "origin")
    for line in ("agent a3", "operator rewrite", "model small-model", "tokens 1,139", "took 4 s"):
        assert line in origin
    assert "M pkg/x.py +1 -1" in text_of(found, "changes")
    assert "parent 32a458bd 35.3 a3" in text_of(found, "kin")
    assert list(found.artefacts) == ["prompt", "response"]


def test_nothing_hostile_is_kept_in_what_is_told(world: World) -> None:
    model = world.model()
    for name in ("hostile", "failed", "a2"):
        found = about(model, world.ids[name])
        text = "\n".join(text_of(found, section.name) for section in found.sections)
        assert not {character for character in text if character < " "} - {"\n"}
        assert CANARY not in text.replace("artefacts", "")


def test_a_section_stays_folded_for_other_individuals(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        assert "gates passed compiles" in screen_text(app)
        await pilot.press("O", "1")
        await settled(pilot)
        assert "gates passed compiles" not in screen_text(app)
        assert "▸ judgement" in screen_text(app)
        app.point_at(world.ids["promoted"])
        await until(pilot, lambda: details.about and details.about.commit == world.ids["promoted"])
        assert ("judgement", True) in details.sections

    play(world, world.ids["best"], scenario)


def test_the_details_scroll_apart_from_the_graph(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        paper = details.query_one(Paper)
        await pilot.press("J")
        await settled(pilot)
        assert paper.scroll_offset.y == 3
        await pilot.press("K")
        await settled(pilot)
        assert paper.scroll_offset.y == 0
        assert app.model.cursor == world.ids["best"]

    play(world, world.ids["best"], scenario, (160, 20))


def test_an_artefact_is_shown_in_full_and_can_be_searched(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        await pilot.press("v")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(app.screen, Viewer))
        await settled(pilot)
        text = screen_text(app)
        assert "prompt of dbb61d99dac3" in text
        assert "make x larger" in text
        assert CANARY not in text
        await pilot.press("slash", *"larger", "enter")
        await settled(pilot)
        assert app.screen.query_one(Paper).marked == 0
        await pilot.press("escape")
        await settled(pilot)
        assert not app.screen.is_modal

    play(world, world.ids["best"], scenario)


def test_the_viewer_cuts_what_is_too_long() -> None:
    viewer = Viewer("stdout", "line\n" * (MAX_LINES + 5))
    assert viewer.find_size == MAX_LINES + 1
    assert viewer.find_text(MAX_LINES) == "... 5 more lines"


def test_the_cursor_may_run_and_only_where_it_rests_is_read(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None], details: Details) -> None:
        await pilot.press(*["j"] * 12)
        await until(pilot, lambda: details.about and details.about.commit == app.model.cursor)

    play(world, world.ids["best"], scenario)
