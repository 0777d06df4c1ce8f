"""Every decision by keys: accepted, cancelled, refused; each an entry in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.tui.kit import hears, press, running, said, screen_text, settled, type_text, until
from tests.tui.world import World
from textual.pilot import Pilot

from evogit.cli import trusting
from evogit.git.program import run_git
from evogit.ids import HEADS, CommitId
from evogit.records import Decision
from evogit_tui.app import EvoGitApp
from evogit_tui.dialogs.confirm import Confirm
from evogit_tui.dialogs.promote import PromoteDialog
from evogit_tui.dialogs.text import LineDialog, TextDialog

Scenario = Callable[[EvoGitApp, Pilot[None]], Awaitable[None]]


def play(world: World, scenario: Scenario, size: tuple[int, int] = (100, 30)) -> None:
    """Run a scenario on a world."""

    async def run() -> None:
        async with running(world, size) as (app, pilot):
            await scenario(app, pilot)

    asyncio.run(run())


def decisions(world: World) -> list[Decision]:
    """What was decided so far, oldest first."""
    return [decision for _, decision in world.session().phylogeny.decisions]


def newest(world: World) -> tuple[str, tuple[CommitId, ...], str, str]:
    found = decisions(world)[-1]
    return found.verb, found.selects, found.target, found.text


async def point(app: EvoGitApp, pilot: Pilot[None], commit: CommitId) -> None:
    app.point_at(commit)
    await settled(pilot)


def branches(world: World) -> dict[str, str]:
    out = run_git(world.root / ".git", "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split() for line in out.decode().splitlines())


def trust(world: World) -> None:
    session = world.session()
    store = trusting.store(session)
    store.trust(session.swarm.path, trusting.content_digest(session.swarm))


# ---------------------------------------------------------------------- prune and restore


def test_a_lineage_is_pruned_after_a_yes_and_restored_by_one_key(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["crashed"])
        await press(pilot, "d")
        assert isinstance(app.screen, Confirm)
        assert "1 individual will leave" in screen_text(app)
        await press(pilot, "y")
        assert newest(world)[:2] == ("prune", (world.ids["crashed"],))
        await hears(pilot, "pruned 1 individual")
        await until(pilot, lambda: app.check_action("act", ("restore",)))
        await press(pilot, "u")
        assert newest(world)[:2] == ("restore", (world.ids["crashed"],))

    play(world, scenario)


@pytest.mark.parametrize("no", ["n", "escape"])
def test_a_no_prunes_nothing(world: World, no: str) -> None:
    before = decisions(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["crashed"])
        await press(pilot, "d", no)
        assert not isinstance(app.screen, Confirm)

    play(world, scenario)
    assert decisions(world) == before


@pytest.mark.parametrize("dear", ["best", "promoted", "pinned"])
def test_what_a_human_cares_for_is_pruned_only_after_its_name_was_typed(
    world: World, dear: str
) -> None:
    name = {"best": "a3"}.get(dear, world.ids[dear][:7])

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids[dear])
        await press(pilot, "d", "y", "enter")
        assert isinstance(app.screen, Confirm)
        assert f"this is not {name}" in screen_text(app)
        assert decisions(world)[-1].verb != "prune"
        await press(pilot, "backspace")
        await type_text(pilot, name)
        await press(pilot, "enter")
        assert newest(world)[:2] == ("prune", (world.ids[dear],))

    play(world, scenario)


def test_restoring_brings_the_root_of_a_pruned_lineage_back(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["a4"])
        await press(pilot, "u")
        assert newest(world)[:2] == ("restore", (world.ids["pruned"],))

    play(world, scenario)


# ---------------------------------------------------------------------- names, pins, words


def test_a_pin_is_set_and_taken_away_by_the_same_key(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["pinned"])
        await press(pilot, "p")
        assert newest(world)[0] == "unpin"
        await press(pilot, "p")
        assert newest(world)[0] == "pin"

    play(world, scenario)


def test_a_tag_is_given_and_taken_away(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["tagged"])
        await press(pilot, "T")
        assert "its tags: record" in screen_text(app)
        await type_text(pilot, "v1.0")
        await press(pilot, "enter")
        assert newest(world)[::2] == ("tag", "v1.0")
        await press(pilot, "T")
        await type_text(pilot, "-v1.0")
        await press(pilot, "enter")
        assert newest(world)[::2] == ("untag", "v1.0")

    play(world, scenario)


def test_a_name_that_can_not_be_is_said_and_changes_nothing(world: World) -> None:
    before = decisions(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["tagged"])
        await press(pilot, "T")
        await type_text(pilot, "record")
        await press(pilot, "enter")
        await hears(pilot, "names")
        await press(pilot, "T")
        await type_text(pilot, "a..b")
        await press(pilot, "enter")
        await hears(pilot, "name of a tag")
        await press(pilot, "T", "escape")
        assert not isinstance(app.screen, LineDialog)

    play(world, scenario)
    assert decisions(world) == before


def test_feedback_goes_to_the_lineage_and_an_empty_one_is_refused(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["a1"])
        await press(pilot, "f", "ctrl+s")
        assert isinstance(app.screen, TextDialog)
        assert "there is nothing in it" in screen_text(app)
        await type_text(pilot, "use a heap")
        await press(pilot, "ctrl+s")
        assert newest(world) == ("feedback", (world.ids["a1"],), "", "use a heap")
        await press(pilot, "f")
        await type_text(pilot, "never mind")
        await press(pilot, "escape")
        assert newest(world)[3] == "use a heap"

    play(world, scenario)


def test_the_goal_is_edited_from_what_it_is(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "e", "ctrl+s")
        assert decisions(world)[-1].verb == "undo"  # nothing was changed, so nothing was decided
        await press(pilot, "e")
        await type_text(pilot, "; be brief")
        await press(pilot, "ctrl+s")
        assert newest(world)[0] == "goal"
        assert newest(world)[3].endswith("no literals; be brief")
        await until(
            pilot, lambda: app.model.facts and "brief" in app.model.facts.settings.goal.text
        )

    play(world, scenario)


# ---------------------------------------------------------------------- agents


def test_an_agent_is_seeded_from_here(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["first"])
        await press(pilot, "n")
        await type_text(pilot, "No Name")
        await press(pilot, "enter")
        assert "lower-case letters" in screen_text(app)
        await press(pilot, "ctrl+u")
        await type_text(pilot, "b7")
        await press(pilot, "enter")
        assert newest(world)[:3] == ("seed", (world.ids["first"],), "b7")
        assert world.swarm.git.ref(HEADS + "b7") == world.ids["first"]

    play(world, scenario)


def test_the_agent_at_the_cursor_is_paused_resumed_and_stopped(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["a1"])
        await press(pilot, "x")
        assert newest(world)[::2] == ("pause", "a1")
        await press(pilot, "x")
        assert newest(world)[::2] == ("resume", "a1")
        await press(pilot, "2")
        await point(app, pilot, world.ids["a1"])
        await press(pilot, "K", "n")
        assert newest(world)[::2] == ("resume", "a1")
        await press(pilot, "K", "y")
        assert newest(world)[::2] == ("stop", "a1")

    play(world, scenario)


def test_how_many_agents_is_a_whole_number(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "A", "ctrl+u")
        await type_text(pilot, "many")
        await press(pilot, "enter")
        assert "a whole number" in screen_text(app)
        await press(pilot, "ctrl+u")
        await type_text(pilot, "12")
        await press(pilot, "enter")
        assert (newest(world)[0], newest(world)[3]) == ("agents", "12")

    play(world, scenario)


def test_a_quarantined_individual_is_released_with_the_evidence_in_sight(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["best"])
        await press(pilot, "r")
        await hears(pilot, "is not quarantined")
        await point(app, pilot, world.ids["held"])
        await press(pilot, "r")
        assert "answer-literals pkg/x.py:1" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, Confirm)  # a careless enter is no yes
        await press(pilot, "y")
        assert newest(world)[:2] == ("release", (world.ids["held"],))

    play(world, scenario)


# ---------------------------------------------------------------------- undo and redo


def test_undo_shows_what_it_undoes_and_redo_brings_it_back(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["a1"])
        await press(pilot, "x", "z")
        assert "pause a1" in screen_text(app)
        await press(pilot, "escape")
        assert newest(world)[0] == "pause"
        await press(pilot, "z", "enter")
        assert newest(world)[0] == "undo"
        await press(pilot, "Z")
        assert "pause a1" in screen_text(app)
        await press(pilot, "enter")
        assert newest(world)[0] == "redo"

    play(world, scenario)


def test_undoing_a_promotion_asks_because_it_touches_the_users_repository(world: World) -> None:
    before = branches(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "z")
        assert "This moves a branch of your repository." in screen_text(app)
        await press(pilot, "enter")
        assert branches(world) == before
        await press(pilot, "y")
        assert len(branches(world)) == len(before) - 1

    play(world, scenario)


def test_with_nothing_left_to_undo_that_is_said(world: World) -> None:
    desk = world.session().desk
    while (entry := desk.last_holding()) is not None:
        desk.undo(entry)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "z")
        await hears(pilot, "nothing left to undo")

    play(world, scenario)


# ---------------------------------------------------------------------- promote


def test_the_best_is_promoted_by_three_keys(world: World) -> None:
    trust(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "b", "P", "enter")
        await until(pilot, lambda: not isinstance(app.screen, PromoteDialog))
        await hears(pilot, "is on branch evogit/raise-the-score-from-0-to-39-3")

    play(world, scenario)
    assert newest(world)[:2] == ("promote", (world.ids["best"],))
    assert "refs/heads/evogit/raise-the-score-from-0-to-39-3" in branches(world)


def test_without_consent_the_commands_are_shown_and_a_no_writes_nothing(world: World) -> None:
    before = branches(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "b", "P", "enter")
        assert "stage main, candidate: python /eval/run.py" in screen_text(app)
        await press(pilot, "n")
        assert "without consent" in screen_text(app)
        assert branches(world) == before
        await press(pilot, "enter", "y")
        await hears(pilot, "is on branch")

    play(world, scenario)
    session = world.session()
    assert trusting.is_trusted(session, session.swarm)


def test_branch_way_and_message_are_the_humans(world: World) -> None:
    trust(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "b", "P", "ctrl+u", "ctrl+k")
        await type_text(pilot, "mine/too")
        await press(pilot, "ctrl+t", "tab", "f7")
        await type_text(pilot, "Words")
        await press(pilot, "enter", "enter")
        await type_text(pilot, "More")
        await press(pilot, "ctrl+s")
        await hears(pilot, "is on branch mine/too")

    play(world, scenario)
    commit = branches(world)["refs/heads/mine/too"]
    out = run_git(world.root / ".git", "log", "-1", "--format=%P%n%B", commit).decode().split("\n")
    assert len(out[0].split()) == 2
    assert world.ids["best"] in out[0]
    assert out[1:4] == ["Words", "", "More"]


def test_a_checked_out_branch_is_refused_with_the_line_to_type(world: World) -> None:
    before = branches(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "b", "P", "ctrl+u", "ctrl+k")
        await type_text(pilot, "main")
        await press(pilot, "enter")
        await until(pilot, lambda: "branch main is checked out" in screen_text(app))
        await until(pilot, lambda: "git switch main &&" in screen_text(app))
        await press(pilot, "enter", "escape")
        assert not isinstance(app.screen, PromoteDialog)

    play(world, scenario, (200, 50))
    assert branches(world) == before


def test_a_conflict_is_listed_and_can_not_be_promoted(world: World) -> None:
    git = world.root / ".git"
    base = branches(world)["refs/heads/main"]
    other = _with_file(world, base, "pkg/x.py", b"x = 'theirs'\n")
    run_git(git, "update-ref", "refs/heads/other", other)
    before = branches(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await press(pilot, "b", "P", "ctrl+u", "ctrl+k")
        await type_text(pilot, "other")
        await press(pilot, "enter", "enter", "ctrl+s")
        assert isinstance(app.screen, PromoteDialog)
        assert "conflicts in pkg/x.py" in screen_text(app)

    play(world, scenario)
    assert branches(world) == before


def _with_file(world: World, base: str, path: str, data: bytes) -> str:
    git = world.root / ".git"
    blob = run_git(git, "hash-object", "-w", "--stdin", stdin=data).decode().strip()
    lines = run_git(git, "ls-tree", f"{base}:pkg").decode().splitlines()
    name = path.split("/")[1]
    kept = [line for line in lines if not line.endswith(f"\t{name}")]
    text = "\n".join([*kept, f"100644 blob {blob}\t{name}"]) + "\n"
    inner = run_git(git, "mktree", stdin=text.encode()).decode().strip()
    top = run_git(git, "ls-tree", base).decode().splitlines()
    kept = [line for line in top if not line.endswith("\tpkg")]
    text = "\n".join([*kept, f"040000 tree {inner}\tpkg"]) + "\n"
    tree = run_git(git, "mktree", stdin=text.encode()).decode().strip()
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    made = run_git(git, *who, "commit-tree", tree, "-p", base, "-m", "theirs")
    return made.decode().strip()


def test_a_gate_that_says_no_is_shown_and_nothing_is_written(world: World) -> None:
    trust(world)
    before = branches(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        commit = _broken(world)
        await until(pilot, lambda: app.model.row(commit) is not None)
        await point(app, pilot, commit)
        await press(pilot, "P", "enter")
        assert isinstance(app.screen, PromoteDialog)
        await until(pilot, lambda: "was not promoted" in screen_text(app))
        assert "compiles" in screen_text(app)

    play(world, scenario)
    assert branches(world) == before


def _broken(world: World) -> CommitId:
    from evogit.git.trees import Change

    git = world.swarm.git
    base = git.commit(world.swarm.base)
    tree = git.change_tree(base.tree, {"pkg/x.py": Change(git.write_blob(b"x = (\n"))})
    commit = git.write_commit(tree, [base.id], "break it\n", author="bob", time=base.time + 1)
    git.move_ref(HEADS + "bob", old=None, new=commit)
    return commit


# ---------------------------------------------------------------------- merge


def test_two_marks_are_merged_judged_and_pointed_at(world: World) -> None:
    trust(world)

    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        app.model.mark(world.ids["a1"])
        await point(app, pilot, world.ids["a3"])
        await press(pilot, "M")
        shown = screen_text(app)
        assert "conflicting hunks in" in shown
        assert "conflicts by fitness" in shown
        await press(pilot, "c")
        assert "conflicts by random" in screen_text(app)
        await press(pilot, "escape")
        before = len(app.model.phylogeny)
        await press(pilot, "M", "c", "c", "enter")
        assert len(app.model.phylogeny) == before + 1, said(app)
        assert app.model.cursor is not None
        parents = app.model.phylogeny.parents(app.model.phylogeny.index(app.model.cursor))
        assert [app.model.phylogeny.commit(row) for row in parents] == [
            world.ids["a1"],
            world.ids["a3"],
        ]
        await hears(pilot, "its parents: ")

    play(world, scenario)


def test_a_parent_and_its_child_can_not_be_merged(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        app.model.mark(world.ids["base"])
        await point(app, pilot, world.ids["a3"])
        await press(pilot, "M")
        await hears(pilot, "descends from the other")

    play(world, scenario)


# ---------------------------------------------------------------------- what may go wrong


def test_a_decision_that_fails_is_an_error_on_the_screen_and_no_traceback(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        def fail() -> None:
            raise ValueError("odd \x1b[31m")

        app.clerk.decide("trying", fail, "done")
        await settled(pilot)
        await hears(pilot, "unexpected ValueError: odd")
        assert "\x1b" not in said(app)

    play(world, scenario)


def test_decisions_are_written_in_the_order_they_were_made(world: World) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        desk = app.model.desk
        for number in range(8):
            app.clerk.decide("setting", lambda n=number: desk.agents(n), "done")
        await settled(pilot)
        texts = [decision.text for decision in decisions(world)[-8:]]
        assert texts == [str(number) for number in range(8)]

    play(world, scenario)


def test_a_repository_that_vanished_is_an_error_on_the_screen(world: World, tmp_path: Path) -> None:
    async def scenario(app: EvoGitApp, pilot: Pilot[None]) -> None:
        await point(app, pilot, world.ids["a1"])
        world.root.rename(tmp_path / "elsewhere")
        await press(pilot, "x")
        await until(pilot, lambda: said(app))
        (tmp_path / "elsewhere").rename(world.root)

    play(world, scenario)
