"""Taking things out of the terminal: clipboard, folders, editor, files."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pygit2.enums import FileMode
from tests.tui.kit import running, screen_text, settled, until
from tests.tui.terminal import Terminal
from tests.tui.world import CANARY, World
from textual.pilot import Pilot
from textual.widgets import Input

from evogit.errors import PreconditionError, UserError
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit_tui import exporting, scratch
from evogit_tui.actions.taking import git_show
from evogit_tui.app import EvoGitApp
from evogit_tui.dialogs.menu import Menu
from evogit_tui.dialogs.text import LineDialog

Scenario = Callable[[EvoGitApp, Pilot[None]], Awaitable[None]]


def play(world: World, commit: CommitId, scenario: Scenario) -> None:
    """Point at an individual in the first view and act."""

    async def run() -> None:
        async with running(world, (120, 30)) as (app, pilot):
            app.point_at(commit)
            await settled(pilot)
            await scenario(app, pilot)

    asyncio.run(run())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the application notified, which a test's screen does not show."""
    said: list[str] = []

    def notify(_: EvoGitApp, message: str, **__: object) -> None:
        said.append(message)

    monkeypatch.setattr(EvoGitApp, "notify", notify)
    return said


async def choose(app: EvoGitApp, pilot: Pilot[None], key: str, choice: str) -> None:
    """Open a menu and choose from it."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Menu))
    await pilot.press(choice)
    await until(pilot, lambda: app.clerk.idle)
    await settled(pilot)


# -------------------------------------------------------------------------- clipboard


def test_id_subject_score_and_command_can_be_copied(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        best = world.ids["best"]
        expected = {
            "i": best,
            "s": best[:12],
            "u": "simplify the parser (39)",
            "c": "39.3",
            "g": git_show(world.swarm.path, best),
        }
        for key, text in expected.items():
            await choose(app, pilot, "y", key)
            assert app.clipboard == text
        await pilot.press("ctrl+o")
        assert app.clipboard == best

    play(world, world.ids["best"], scenario)


def test_the_diff_can_be_copied_as_a_patch(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "y", "d")
        await until(pilot, lambda: app.clipboard.startswith("diff --git"))
        assert "\n-x = 35\n+x = 39\n" in app.clipboard

    play(world, world.ids["best"], scenario)


def test_nothing_hostile_gets_into_the_clipboard(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "y", "u")
        assert app.clipboard.isprintable()
        assert CANARY not in app.clipboard

    play(world, world.ids["hostile"], scenario)


def test_the_command_that_is_copied_works(world: World) -> None:
    command = git_show(world.swarm.path, world.ids["best"])
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "simplify the parser (39)" in shown.stdout


# -------------------------------------------------------------------------- files


def test_an_individual_is_checked_out_into_a_folder_of_its_own(
    world: World, told: list[str]
) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        before = {path: path.stat().st_mtime_ns for path in world.root.iterdir()}
        await pilot.press("space")
        folder = app.model.session.cache_home / "checkouts" / world.ids["best"][:12] / "files"
        await until(pilot, lambda: told)
        assert str(folder) in told[0]
        assert (folder / "pkg/x.py").read_text() == "x = 39\n"
        assert {path: path.stat().st_mtime_ns for path in world.root.iterdir()} == before

    play(world, world.ids["best"], scenario)


def test_what_a_human_did_in_a_checked_out_folder_stays(world: World, tmp_path: Path) -> None:
    git, best = world.swarm.git, world.ids["best"]
    folder = scratch.check_out(git, best, tmp_path)
    (folder / "notes.txt").write_text("mine")
    assert scratch.check_out(git, best, tmp_path) == folder
    assert (folder / "notes.txt").read_text() == "mine"


def test_copies_are_of_the_changed_files_and_read_only(world: World, tmp_path: Path) -> None:
    git, best = world.swarm.git, world.ids["best"]
    parent = git.commit(git.commit(best).parents[0]).tree
    paths = scratch.copies(git, best, parent, tmp_path)
    assert [path.relative_to(tmp_path / "copies" / best[:12]).as_posix() for path in paths] == [
        "pkg/other.py",
        "pkg/x.py",
    ]
    assert paths[1].read_text() == "x = 39\n"
    assert stat.S_IMODE(paths[1].stat().st_mode) == 0o400
    assert scratch.copies(git, best, parent, tmp_path) == paths


def _commit(git: GitRepository, name: str, mode: FileMode) -> CommitId:
    builder = git.handle.TreeBuilder()
    builder.insert(name, git.handle.create_blob(b"/etc/passwd"), mode)
    tree = TreeId(str(builder.write()))
    return git.write_commit(tree, [], "x\n", author="x", time=1)


def test_an_editor_is_given_no_link(world: World, tmp_path: Path) -> None:
    git = world.swarm.git
    commit = _commit(git, "link", FileMode.LINK)
    with pytest.raises(PreconditionError, match="no file that can be opened"):
        scratch.copies(git, commit, None, tmp_path)


@pytest.mark.parametrize("name", ["a\x1b[31m", "a\\b"])
def test_no_file_is_written_under_a_forbidden_name(world: World, tmp_path: Path, name: str) -> None:
    git = world.swarm.git
    commit = _commit(git, name, FileMode.BLOB)
    with pytest.raises(UserError):
        scratch.copies(git, commit, None, tmp_path)
    with pytest.raises(UserError):
        scratch.check_out(git, commit, tmp_path)


def test_the_editor_gets_the_terminal_and_gives_it_back(world: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    editor = tmp_path / "editor with space"
    editor.write_text(f'#!/bin/sh\necho EDITING\ncat "$@" > "{seen}"\n')
    editor.chmod(0o755)
    with Terminal(world.root, (120, 30), more={"EDITOR": f"'{editor}'"}) as terminal:
        terminal.until_shows("41 individuals")
        terminal.press("b")
        terminal.press("E")
        terminal.until(lambda _: seen.exists() and "x = 39" in seen.read_text())
        terminal.until_shows("41 individuals")
        assert b"EDITING" in terminal.raw
        terminal.press("q")
        assert terminal.end() == 0


def test_without_a_terminal_to_lend_the_path_is_told(world: World, told: list[str]) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await pilot.press("E")
        await until(pilot, lambda: told)
        assert "can not be lent" in told[0]
        assert "pkg/x.py" in told[0]

    play(world, world.ids["best"], scenario)


# -------------------------------------------------------------------------- export


def test_a_view_is_exported_as_svg_html_and_text(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        for key, ending, start in (
            ("s", "svg", "<svg"),
            ("h", "html", "<!DOCTYPE"),
            ("t", "txt", ""),
        ):
            await choose(app, pilot, "ctrl+e", key)
            await until(pilot, lambda: isinstance(app.screen, LineDialog))
            await pilot.press("enter")
            path = world.root / f"evogit-phylogeny.{ending}"
            await until(pilot, lambda path=path: app.clerk.idle and path.exists())
            text = path.read_text("utf-8")
            assert text.startswith(start)
            assert "parser" in text
            assert "Export" not in text
            assert "cdnjs" not in text

    play(world, world.ids["best"], scenario)


def test_a_file_that_is_there_is_not_overwritten(world: World, tmp_path: Path) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "ctrl+e", "t")
        await until(pilot, lambda: isinstance(app.screen, LineDialog))
        app.screen.query_one(Input).value = "README.md"
        await pilot.press("enter")
        await until(pilot, lambda: "there already" in screen_text(app))

    play(world, world.ids["best"], scenario)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(PreconditionError, match="there already"):
        exporting.write(taken, b"ours")
    assert taken.read_text() == "mine"


@pytest.mark.slow
def test_a_png_is_drawn_if_a_program_for_it_is_installed(world: World) -> None:
    if not any(map(shutil.which, exporting.BROWSERS)):
        pytest.skip("no browser is installed")

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        data = exporting.render(exporting.record(app), "png", "evogit")
        assert data.startswith(b"\x89PNG")

    play(world, world.ids["best"], scenario)


def test_without_such_a_program_it_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
        with pytest.raises(PreconditionError, match="nothing that draws PNG"):
            exporting.render(exporting.record(app), "png", "evogit")

    play(world, world.ids["best"], scenario)
