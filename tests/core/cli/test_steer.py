"""Commands that decide something."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

import pytest

from evogit.outcome import Scored
from evogit.phylogeny.index import Phylogeny
from evogit.records import Evaluation
from evogit.swarm.journal import Journal

if TYPE_CHECKING:
    from conftest import Run, World


def git(world: World, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=world.root, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_prune_shows_what_goes_needs_a_yes_and_can_be_undone(cli: Run, world: World) -> None:
    dry = cli("prune", "a1", "--dry-run", "--json")
    assert [row["commit"] for row in dry.data["individuals"]] == [world.ids["best"]]
    assert cli("best", "-k", "1", "--jsonl").lines[0]["commit"] == world.ids["best"]
    refused = cli("prune", "a1")
    assert refused.status == 2
    assert world.ids["best"][:12] in refused.out
    assert "--yes" in refused.err
    done = cli("prune", "a1", "--yes", "--json").data
    assert (done["verb"], done["selects"]) == ("prune", [world.ids["best"]])
    assert cli("best", "-k", "1", "--jsonl").lines[0]["commit"] == world.ids["two"]
    assert cli("show", "a1", "--json").data["pruned"] is True
    assert cli("undo").status == 0
    assert cli("show", "a1", "--json").data["pruned"] is False
    assert cli("redo").status == 0
    assert cli("restore", "a1", "--json").data["verb"] == "restore"
    assert cli("show", "a1", "--json").data["pruned"] is False


def test_what_is_so_already_ends_with_7(cli: Run, world: World) -> None:
    assert cli("unpin", "a1").status == 7
    assert cli("pin", "a1").status == 0
    again = cli("pin", "a1", "--json")
    assert again.status == 7
    assert again.data["error"]["code"] == "nothing-to-do"


def test_pruning_an_ancestor_takes_its_descendants_too(cli: Run, world: World) -> None:
    rows = cli("prune", world.ids["one"], "--dry-run", "--json").data["individuals"]
    assert {row["commit"] for row in rows} == {world.ids[n] for n in ("one", "best", "merged")}


def test_the_base_can_not_be_pruned(cli: Run, world: World) -> None:
    assert cli("prune", "base", "--yes").status == 2


def test_pins_and_tags_mark_individuals(cli: Run, world: World) -> None:
    assert cli("pin", "best", "a2").status == 0
    assert "pinned" in cli("show", "a2", "--json").data["marks"]
    assert cli("unpin", "a2").status == 0
    assert "pinned" not in cli("show", "a2", "--json").data["marks"]
    assert cli("tag", "a2", "second").status == 0
    assert cli("show", "second", "--json").data["commit"] == world.ids["two"]
    assert [row["tag"] for row in cli("tag", "--jsonl").lines] == ["second"]
    assert cli("tag", "best", "second").status == 4
    assert cli("tag", "--delete", "second").status == 0
    assert cli("show", "second").status == 3
    assert cli("tag", "best").status == 2
    assert cli("tag", "best", "../x").status == 2


def test_seed_moves_an_agents_branch(cli: Run, world: World) -> None:
    assert cli("seed", "best", "a2").status == 0
    assert cli("show", "a2", "--json").data["commit"] == world.ids["best"]
    assert cli("seed", "best", "main").status == 2


def test_pause_resume_and_stop_are_shown_by_status(cli: Run, world: World) -> None:
    assert cli("pause", "a1").status == 0
    states = {row["agent"]: row["state"] for row in cli("status", "--json").data["agents"]}
    assert states == {"a1": "paused", "a2": "", "a3": ""}
    assert cli("resume").status == 0
    assert cli("stop").status == 0
    assert cli("status", "--json").data["mode"] == "stopped"
    assert cli("pause", "nobody").status == 3


def test_agents_are_listed_and_counted(cli: Run, world: World) -> None:
    rows = {row["agent"]: row["attempts"] for row in cli("agents", "list", "--jsonl").lines}
    assert rows == {"a1": 2, "a2": 2, "a3": 1}
    assert cli("agents", "set", "8", "--json").data["verb"] == "agents"
    assert cli("agents", "set", "many").status == 2
    assert cli("agents", "set", "-1").status == 2


def test_goal_set_makes_a_version_and_undo_takes_it_back(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("goal", "set", "Make x small").status == 0
    assert cli("goal", "show").out == "Make x small\n"
    assert len(cli("goal", "history", "--jsonl").lines) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("From a pipe"))
    assert cli("goal", "set", "-").status == 0
    assert cli("goal", "show", "--json").data["goal"] == "From a pipe"
    assert cli("undo").status == 0
    assert cli("goal", "show").out == "Make x small\n"


def test_operations_are_listed_newest_first(cli: Run, world: World) -> None:
    cli("pin", "best")
    cli("feedback", "a1", "try \x1b[31mharder")
    cli("undo", "@--")
    rows = cli("op", "log", "--jsonl").lines
    assert [row["verb"] for row in rows] == ["undo", "feedback", "pin"]
    assert [row["holds"] for row in rows] == [True, True, False]
    assert all(row["by"].startswith("ada") for row in rows)
    text = cli("op", "log").out
    assert "try harder" in text
    assert "\x1b" not in text
    assert cli("undo", "@-9").status == 3
    assert cli("undo", rows[2]["operation"][:10]).status == 7


def test_feedback_needs_words(cli: Run, world: World) -> None:
    assert cli("feedback", "a1", "  ").status == 2


def test_undo_without_decisions_finds_nothing(cli: Run, world: World) -> None:
    assert cli("undo").status == 3
    assert cli("redo").status == 3


def test_what_a_branch_has_gained_since_is_not_held_against_the_individual(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(world, "checkout", "-q", "-b", "dev")
    (world.root / "link").symlink_to("run.py")
    git(world, "add", "link")
    git(world, "commit", "-q", "-m", "a link of our own")
    git(world, "checkout", "-q", "main")
    monkeypatch.setenv("EVOGIT_TRUST", "1")
    done = cli("promote", "best", "--to", "dev", "--yes")
    assert done.status == 0, done
    assert git(world, "show", "dev:pkg/x.py") == "x = 3"
    assert git(world, "show", "dev:link") == "run.py"


@pytest.mark.parametrize("name", ["origin/main", "refs/tags/v1", "@", "HEAD", "-x"])
def test_what_is_no_local_branch_is_no_place_to_promote_to(
    cli: Run, world: World, name: str
) -> None:
    git(world, "remote", "add", "origin", "https://example.org/x.git")
    result = cli("promote", "best", f"--to={name}", "--dry-run")
    assert result.status == 2
    assert name in result.err


def test_promote_plans_asks_and_makes_a_branch(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = git(world, "for-each-ref")
    plan = cli("promote", "best", "--dry-run", "--json").data
    assert [file["path"] for file in plan["files"]] == ["pkg/x.py"]
    assert plan["branch"].startswith("evogit/")
    assert (plan["author"], plan["signature"]) == ("Ada <ada@example.org>", "")
    hook = world.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    told = cli("promote", "best", "--dry-run")
    assert "your hooks are not run (pre-commit); git switch evogit/" in told.err
    shown = told.out
    assert "set x to 3" in shown
    assert "Ada <ada@example.org>, not signed" in shown
    assert cli("promote", "best").status == 2
    assert cli("promote", "best", "--to", "main", "--yes").status == 4
    assert cli("promote", "best", "--to", "take", "--yes").status == 4  # gates need consent
    assert git(world, "for-each-ref") == before
    monkeypatch.setenv("EVOGIT_TRUST", "1")
    done = cli("promote", "best", "--to", "take", "-m", "Larger x", "--yes", "--json")
    assert done.status == 0, done
    assert git(world, "show", "take:pkg/x.py") == "x = 3"
    assert git(world, "log", "-1", "--format=%an %s", "take") == "Ada Larger x"
    assert git(world, "status", "--porcelain") == ""


@pytest.mark.parametrize("room", [50, 1])
def test_what_is_promoted_under_noise_is_judged_afresh_first_if_it_was_not(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setenv("EVOGIT_TRUST", "1")
    for name in ("base", "a1"):
        assert cli("eval", name).status == 0
    wanders(world, 0.5, room)
    assert "not confirmed by repeats" in cli("promote", "a1", "--dry-run").err
    done = cli("promote", "a1", "--to", "take", "--yes")
    assert done.status == 0, done
    message = git(world, "log", "-1", "--format=%B", "take")
    confirmed = room >= 5
    assert ("Score: 0.25 -> 3 (maximize, mean of 5 fresh repeats)" in message) is confirmed
    assert ("Doubt: its gain over the base, 2.75, is not confirmed" in message) is not confirmed
    assert ("is confirmed by fresh repeats" in done.err) is confirmed


def wanders(world: World, score: float, room: int) -> None:
    """Say that the base had another score the second time here; of the cap, leave so many evaluations."""
    git, base = world.swarm.git, world.swarm.base
    environment = (world.swarm.private / "environment").read_text()
    evaluator, tree = world.swarm.spec().evaluator, git.commit(base).tree
    phylogeny = Phylogeny(git, evaluator=evaluator, environment=environment, maximize=True)
    phylogeny.refresh()
    unused = 100 - 1 - room - phylogeny.spent.evaluations
    journal = Journal(git, "w7")
    numbers = [(1, "repeat"), *((number, "probe") for number in range(100, 100 + unused))]
    for number, purpose in numbers:
        judged = Evaluation(
            base, tree, evaluator, environment, number, Scored(score), purpose=purpose, time=1.0
        )
        journal.append(judged, keep=[base])
    journal.close()


def test_undo_says_what_it_took_back_and_what_brings_it_back(cli: Run, world: World) -> None:
    cli("goal", "set", "Make x small")
    done = cli("undo")
    assert "undone: goal Make x small by ada" in done.err
    assert "evogit redo brings it back" in done.err
    assert "redone: goal Make x small by ada" in cli("redo").err


def test_what_a_selector_means_can_not_be_a_name(cli: Run, world: World) -> None:
    for name in ("best", "base", "best:2", "beef"):
        assert cli("tag", "a2", name).status == 2, name
    assert cli("tag", "a2", "a1").status == 4
    assert cli("seed", "a2", "best").status == 2


def test_a_goal_of_no_words_is_refused(cli: Run, world: World) -> None:
    assert cli("goal", "set", " ").status == 2
