"""The registry and what is made of it: keys, help, palette, the page of the manual."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.tui.kit import (
    SIZES,
    check_golden,
    press,
    running,
    screen_text,
    settled,
    type_text,
    until,
)
from tests.tui.world import World
from textual.command import CommandPalette
from textual.widgets import OptionList

from evogit_tui.actions.keys import clashes, full_name, is_key, keys_of
from evogit_tui.actions.registry import ACTIONS
from evogit_tui.config import dump, parse
from evogit_tui.dialogs.confirm import Confirm
from evogit_tui.dialogs.help import HelpDialog
from evogit_tui.dialogs.promote import PromoteDialog
from evogit_tui.options import Options
from evogit_tui.views.names import VIEWS


def _manual() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual", Path(__file__).with_name("manual.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MANUAL: Any = _manual()


def test_the_page_agrees_with_the_registry() -> None:
    if not MANUAL.PAGE.exists():
        pytest.skip("there is no docs folder beside these tests")
    assert MANUAL.PAGE.read_text("utf-8") == MANUAL.page(), "run: python tests/tui/manual.py"


def test_no_two_actions_of_a_view_share_a_key() -> None:
    assert clashes({}) == []


def test_a_clash_is_found_wherever_it_is() -> None:
    assert {c.view for c in clashes({"prune": "P"})} == set(VIEWS)
    assert {c.view for c in clashes({"stop": "A"})} == {"agents", "population"}


@pytest.mark.parametrize("name", list(ACTIONS))
def test_every_action_has_keys_that_exist_and_a_sentence_of_help(name: str) -> None:
    action = ACTIONS[name]
    keys = keys_of(action, {})
    assert keys
    assert all(is_key(key) for key in keys)
    assert action.help.endswith((".", "?"))
    assert len(action.help) <= 90
    assert len(action.label) <= 16
    assert action.views <= set(VIEWS)


def test_every_key_of_the_page_is_bound(world: World) -> None:
    async def scenario() -> None:
        async with running(world) as (app, _):
            bound = app._bindings.key_to_bindings  # pyright: ignore[reportPrivateUsage]
            for action in ACTIONS.values():
                for key in keys_of(action, {}):
                    acts = [binding.action for binding in bound[key]]
                    assert f"act({action.name!r})" in acts

    asyncio.run(scenario())


def test_names_of_keys_are_textuals() -> None:
    assert full_name("?") == "question_mark"
    assert full_name("ctrl+/") == "ctrl+slash"
    assert full_name("-") == "minus"
    assert full_name("G") == "G"
    assert not is_key("hyperspace")
    assert not is_key("control+x")


def test_the_settings_printed_are_the_settings_read() -> None:
    import tomllib

    options = Options(ascii=True, theme="nord", keys={"prune": "D,delete"}, hook=("a", "b c"))
    found = parse(tomllib.loads(dump(options)))
    assert (found.ascii, found.theme, found.hook) == (True, "nord", ("a", "b c"))
    assert keys_of(ACTIONS["prune"], found.keys) == ("D", "delete")
    for name in ACTIONS.keys() - {"prune"}:
        assert keys_of(ACTIONS[name], found.keys) == keys_of(ACTIONS[name], {})


def test_help_searches_and_does_what_is_chosen(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (80, 24)) as (app, pilot):
            await press(pilot, "b", "?")
            assert isinstance(app.screen, HelpDialog)
            await type_text(pilot, "commits stay prune")
            options = app.screen.query_one(OptionList)
            assert options.highlighted_option is not None
            assert options.highlighted_option.id == "prune"
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, Confirm))

    asyncio.run(scenario())


def test_help_says_when_something_is_not_possible_now(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (80, 24)) as (app, pilot):
            await press(pilot, "f1")
            await type_text(pilot, "xyzzy")
            assert "nothing matches" in screen_text(app)
            await press(pilot, "enter", "escape")
            assert not isinstance(app.screen, HelpDialog)

    asyncio.run(scenario())


def test_help_shows_the_keys_that_the_user_chose(world: World) -> None:
    async def scenario() -> None:
        options = Options(sync=0, keys={"promote": "ctrl+g"})
        async with running(world, (120, 40), options) as (app, pilot):
            await until(pilot, lambda: "^g Promote" in screen_text(app))
            await press(pilot, "?")
            await type_text(pilot, "promote")
            assert "ctrl+g" in screen_text(app) or "^g" in screen_text(app)
            await press(pilot, "escape", "b", "ctrl+g")
            await until(pilot, lambda: isinstance(app.screen, PromoteDialog))

    asyncio.run(scenario())


def test_the_palette_offers_what_is_available_only(world: World) -> None:
    async def scenario() -> None:
        async with running(world, (120, 40)) as (app, pilot):
            app.point_at(world.ids["crashed"])
            await settled(pilot)
            await press(pilot, ":")
            assert isinstance(app.screen, CommandPalette)
            await type_text(pilot, "prune")
            await until(pilot, lambda: "Take its lineage out" in screen_text(app))
            await press(pilot, "escape", "escape")
            app.point_at(world.ids["a4"])
            await settled(pilot)
            await press(pilot, ":")
            await type_text(pilot, "restore")
            await until(pilot, lambda: "Bring its pruned lineage" in screen_text(app))
            assert "Take its lineage out" not in screen_text(app)

    asyncio.run(scenario())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_help_looks_as_it_did(world: World, size: tuple[int, int], ascii_only: bool) -> None:
    async def scenario() -> None:
        options = Options(sync=0, ascii=ascii_only)
        async with running(world, size, options) as (app, pilot):
            app.push_screen(HelpDialog(_lines(app.options.ascii), ascii_only=ascii_only))
            await settled(pilot)
            await check_golden(app, "help-ascii" if ascii_only else "help")

    asyncio.run(scenario())


def _lines(ascii_only: bool) -> list[Any]:
    from evogit_tui.dialogs.help import lines

    few = {
        name: ACTIONS[name] for name in ("down", "top", "open", "promote", "prune", "stop", "help")
    }
    return lines(few, {}, lambda action: action.name != "stop", ascii_only=ascii_only)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_promote_dialog_looks_as_it_did(world: World, size: tuple[int, int]) -> None:
    async def scenario() -> None:
        async with running(world, size) as (app, pilot):
            await press(pilot, "b", "P")
            await until(pilot, lambda: "branch new" in screen_text(app))
            await settled(pilot)
            app.say_note("")
            await settled(pilot)
            await check_golden(app, "promote")

    asyncio.run(scenario())


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_question_before_a_prune_looks_as_it_did(world: World, size: tuple[int, int]) -> None:
    async def scenario() -> None:
        async with running(world, size) as (app, pilot):
            app.point_at(world.ids["first"])
            await settled(pilot)
            await press(pilot, "d")
            await until(pilot, lambda: "Type" in screen_text(app))
            await settled(pilot)
            await check_golden(app, "prune")

    asyncio.run(scenario())
