"""Commands that look at a swarm."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evogit.cli.checks import CHECKS
from evogit.ids import JOURNALS
from evogit.outcome import Failed, Scored
from evogit.records import Evaluation
from evogit.swarm.journal import Journal
from evogit.swarm.spec import PinnedFile, write_spec

if TYPE_CHECKING:
    from conftest import Run, World


def test_status_shows_best_agents_workers_and_budget(cli: Run, world: World) -> None:
    data = cli("status", "--json").data
    assert data["best"]["commit"] == world.ids["best"]
    assert [agent["agent"] for agent in data["agents"]] == ["a1", "a2", "a3"]
    assert data["workers"] == [{"worker": "w1", "alive": False}]
    assert data["budget"]["evaluations"] == {"spent": 4, "limit": 100}
    text = cli("status").out
    assert "Make x large" in text
    assert "4 of 100" in text


def test_log_lists_ancestors_of_tips_and_all_lists_failures_too(cli: Run, world: World) -> None:
    commits = [row["commit"] for row in cli("log", "--jsonl").lines]
    assert set(commits) == {world.ids[n] for n in ("base", "one", "best", "two", "merged")}
    assert commits[-1] == world.ids["base"]
    everything = cli("log", "--all", "--json").data["individuals"]
    assert {row["commit"] for row in everything} == set(world.ids.values())
    assert len(cli("log", "-n", "2", "--jsonl").lines) == 2
    of_two = [row["commit"] for row in cli("log", "a2", "--jsonl").lines]
    assert of_two == [world.ids["two"], world.ids["base"]]


def test_log_draws_lines_of_descent(cli: Run, world: World) -> None:
    out = cli("log", "--graph").out
    assert out.count("* ") == 5
    assert out.splitlines()[-1].startswith(f"* {world.ids['base'][:12]}")


def test_best_lineage_leaves_children(cli: Run, world: World) -> None:
    def commits(*arguments: str) -> list[str]:
        return [row["commit"] for row in cli(*arguments, "--jsonl").lines]

    ids = world.ids
    assert commits("best", "-k", "2") == [ids["best"], ids["two"]]
    assert commits("lineage", "best") == [ids["best"], ids["one"], ids["base"]]
    assert set(commits("leaves")) == {ids["best"], ids["failed"], ids["merged"]}
    assert set(commits("children", "base")) == {ids["one"], ids["two"], ids["failed"]}


def test_the_front_of_a_swarm_with_objectives_is_listed_and_there_is_none_without(
    cli: Run, world: World
) -> None:
    refused = cli("best", "--front")
    assert refused.status == 4
    assert "the strategy here is evogit, which has no objectives" in refused.err
    git, spec = world.swarm.git, world.swarm.spec()
    search = spec.settings.search.model_copy(
        update={"strategy": "pareto", "options": {"objectives": "+score, -size"}}
    )
    write_spec(
        git,
        spec.settings.model_copy(update={"search": search}),
        base=git.commit(world.swarm.base).tree,
        files={
            "score/score.py": PinnedFile(
                git.read_blob(git.files(spec.evaluator)["score/score.py"].blob)
            )
        },
        author="ada",
        time=9,
        subject="objectives",
    )
    front = [row["commit"] for row in cli("best", "--front", "--jsonl").lines]
    assert front == [world.ids["best"], world.ids["one"]]


def test_show_tells_provenance_outcome_metrics_and_artefacts(cli: Run, world: World) -> None:
    data = cli("show", "best", "--json").data
    assert data["commit"] == world.ids["best"]
    assert data["outcome"] == {"status": "scored", "score": 3.0, "metrics": {"size": 12.0}}
    assert (data["agent"], data["operator"], data["step"]) == ("a1", "mutate", 2)
    assert data["artefacts"] == {"prompt": len(b"make x \x1b]52;c;aGk=\x07larger\n")}
    assert data["parents"] == [world.ids["one"]]
    text = cli("show", "best", "-p").out
    assert "passed tests" in text
    assert "+x = 3" in text
    assert "Evogit-" not in text


def test_show_prints_all_of_a_long_reason_clean_and_below_what_says_most(
    cli: Run, world: World
) -> None:
    said = (
        "exit status 2: "
        + "cc -c x.c\n" * 40
        + "x.c:1: error: \x1b]52;c;aGk=\x07no y\nmake: stopped"
    )
    commit, swarm = world.ids["merged"], world.swarm
    tree, evaluator = swarm.git.commit(commit).tree, swarm.spec().evaluator
    with closing(Journal(swarm.git, "w2")) as journal:
        failed = Evaluation(commit, tree, evaluator, "", 0, Failed("tests", said), time=2e9)
        journal.append(failed, keep=[commit]).result(10)
    lines = cli("show", commit).out.splitlines()
    line = "failed tests: exit status 2: x.c:1: error: no y make: stopped"
    assert next(text for text in lines if text.startswith("outcome")).endswith(line)
    block = lines[lines.index("all of the reason:") + 1 :]
    assert block[:2] == ["  exit status 2: cc -c x.c", "  cc -c x.c"]
    assert block[40:42] == ["  x.c:1: error: no y", "  make: stopped"]


def test_show_prints_an_artefact_clean_and_writes_it_raw(
    cli: Run, world: World, tmp_path: Path
) -> None:
    assert cli("show", "best", "--artefact", "prompt").out == "make x larger\n\n"
    file = tmp_path / "prompt.txt"
    assert cli("show", "best", "--artefact", "prompt", "-o", file).out == ""
    assert b"\x1b" in file.read_bytes()
    missing = cli("show", "best", "--artefact", "response")
    assert missing.status == 3
    assert "it has prompt" in missing.err


def test_text_from_candidates_can_not_reach_the_terminal(cli: Run, world: World) -> None:
    result = cli("show", world.ids["failed"])
    assert "no way" in result.out
    assert "\x1b" not in result.out + cli("log", "--all").out + cli("log", "--all", "--json").out


def test_diff_compares_with_the_parent_or_with_another(cli: Run, world: World) -> None:
    parent = cli("diff", "best").out
    assert "-x = 1\n+x = 3\n" in parent
    assert "-x = 0\n+x = 3\n" in cli("diff", "base", "best").out
    data = cli("diff", "base", "best", "--json").data
    assert [(f["path"], f["status"], f["added"]) for f in data["files"]] == [("pkg/x.py", "M", 1)]
    assert cli("diff", "best", "best").out == ""
    assert cli("diff", "base").status == 3
    assert cli("diff", "base", "best", "--stat").out.splitlines()[-1].endswith("pkg/x.py")


def test_export_writes_every_individual(cli: Run, world: World, tmp_path: Path) -> None:
    assert {row["commit"] for row in cli("export", "json").lines} == set(world.ids.values())
    rows = list(csv.DictReader(io.StringIO(cli("export", "csv").out)))
    assert len(rows) == 6
    file = tmp_path / "out.graphml"
    assert cli("export", "graphml", "-o", file, "--json").data["individuals"] == 6
    assert file.read_text().lstrip().startswith("<")
    assert cli("export", "xml").status == 2
    assert "-o" in cli("export", "csv", "--json").data["error"]["message"]
    assert cli("export", "json", "-o", tmp_path / "none" / "x").status == 4


@pytest.mark.parametrize("command", ["analyze", "export csv", "best", "status"])
def test_in_a_mirror_nothing_passes_for_never_scored(
    cli: Run, world: World, tmp_path: Path, command: str
) -> None:
    assert "scored" not in cli(*command.split()).err
    git = world.swarm.git
    for ref, tip in git.refs_under(JOURNALS).items():
        git.move_ref(ref, old=tip, new=None)
    judged = Evaluation(
        world.ids["base"],
        git.commit(world.ids["base"]).tree,
        world.swarm.spec().evaluator,
        "the environment there",
        0,
        Scored(1.0),
    )
    journal = Journal(git, "w1")
    journal.append(judged).result(10)
    journal.close()
    mirror = tmp_path / "m.git"
    subprocess.run(["git", "clone", "-q", "--mirror", str(git.path), str(mirror)], check=True)
    said = cli("-C", mirror, *command.split())
    assert said.status == 0
    assert "scores belong to an environment" in (said.out if command == "status" else said.err)


def test_exporting_writes_through_links_and_leaves_pipes_what_they_are(
    cli: Run, world: World, tmp_path: Path
) -> None:
    aim, link, pipe = tmp_path / "aim.json", tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(aim)
    os.mkfifo(pipe)
    assert cli("export", "json", "-o", link).status == 0
    assert link.is_symlink()
    whole = aim.read_bytes()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert cli("export", "json", "-o", pipe).status == 0
        assert os.read(reader, 1 << 16) == whole[: 1 << 16]
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_notes_are_shown_by_git_log(cli: Run, world: World) -> None:
    assert cli("notes", "--json").data == {"schema": 1, "ref": "refs/notes/evogit", "notes": 4}
    command = ["git", "--git-dir", world.swarm.path, "log", "--all", "--notes=evogit"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "evogit: scored 3" in out
    before = world.swarm.git.ref("refs/notes/evogit")
    cli("notes")
    assert world.swarm.git.ref("refs/notes/evogit") == before


def test_gc_packs_and_everything_is_still_there(cli: Run, world: World) -> None:
    assert cli("gc", "--json").data["packed"] > 0
    assert cli("show", "best", "--json").data["score"] == 3.0


def test_goal_show_and_history(cli: Run, world: World) -> None:
    assert cli("goal", "show").out == cli("goal").out == "Make x large\n"
    assert cli("goal", "--json").data == cli("goal", "--json", "show").data
    versions = cli("goal", "history", "--jsonl").lines
    assert [(v["by"], v["goal"]) for v in versions] == [("ada", "Make x large")]


def test_goal_edit_needs_a_terminal(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    result = cli("goal", "edit")
    assert result.status == 2
    assert "goal set" in result.err


def test_config_get_set_path_and_schema(cli: Run, world: World) -> None:
    assert cli("config", "path").out.strip() == str(world.root / "evogit.toml")
    assert cli("config", "get", "budget.evaluations").out == "100\n"
    assert cli("config", "get", "evaluate.stages[0].run[0]").out == "python\n"
    assert cli("config", "set", "budget.evaluations", "250", "--json").data["value"] == 250
    assert cli("config", "get", "budget.evaluations", "--json").data["value"] == 250
    wrong = cli("config", "set", "budget.evaluations", "many")
    assert (wrong.status, cli("config", "get", "budget.evaluations").out) == (2, "250\n")
    assert cli("config", "get", "budget.evalutions").status == 3
    assert "properties" in json.loads(cli("config", "schema").out)


def test_a_variable_overrides_the_file(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOGIT_BUDGET__EVALUATIONS", "7")
    assert cli("config", "get", "budget.evaluations").out == "7\n"


def test_problems_and_strategies_are_listed_and_shown(cli: Run) -> None:
    names = [row["name"] for row in cli("problems", "--jsonl").lines]
    assert "online-bin-packing" in names
    shown = cli("problems", "online-bin-packing", "--json").data
    assert shown["direction"] == "minimize"
    missing = cli("problems", "online-bin")
    assert missing.status == 3
    assert "online-bin-packing" in missing.err
    assert "evogit" in [row["name"] for row in cli("strategies", "--jsonl").lines]


def test_every_option_of_every_strategy_is_shown_with_its_default_and_meaning(cli: Run) -> None:
    for row in cli("strategies", "--jsonl").lines:
        for option in cli("strategies", row["name"], "--jsonl").lines:
            assert option["meaning"], (row["name"], option["name"])
    (patience,) = [
        row for row in cli("strategies", "hill-climb", "--jsonl").lines if row["name"] == "patience"
    ]
    assert patience["default"] == 200
    assert "starts again from the base" in patience["meaning"]
    assert "did you mean 'islands'" in cli("strategies", "islnds").err


def test_trust_shows_remembers_and_forgets(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "gate tests: true" in cli("trust", "--dry-run").out
    preload = "variable LD_PRELOAD of every command: x.so"
    monkeypatch.setenv("EVOGIT_ENVIRONMENT__VARIABLES__LD_PRELOAD", "x.so")
    assert preload in cli("trust", "--dry-run").out
    assert preload in cli("trust", "--dry-run", "--json").data["commands"]
    assert cli("trust", "--dry-run", "--json").data["trusted"] is False
    assert cli("trust", "--yes", "--json").data["trusted"] is True
    assert cli("trust", "--json").data["trusted"] is True
    assert cli("trust", "--revoke", "--json").data["trusted"] is False


def test_doctor_names_every_check_and_fails_only_for_errors(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a process of its own: probing a container engine that is not there leaves a socket open.
    command = [sys.executable, "-m", "evogit.cli", "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    data = json.loads(done.stdout)
    found = {check["id"]: check for check in data["checks"]}
    assert {"git", "swarm", "settings", "trust", "disk", "locks", "journals", "clock"} <= set(found)
    assert "sandbox process" in found
    assert found["trust"]["fix"]
    assert done.returncode == (0 if data["ok"] else 6)
    monkeypatch.delitem(CHECKS, "sandbox")
    monkeypatch.setattr("evogit.cli.checks.OLDEST_GIT", (99, 0))
    broken = cli("doctor")
    assert broken.status == 6
    assert "git: install git" in broken.out


def test_doctor_reports_stale_locks_and_unreadable_journals(
    cli: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(CHECKS, "sandbox")

    lock = world.swarm.path / "refs" / "heads" / "a9.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    world.swarm.git.move_ref("refs/evogit/journal/w7", old=None, new=world.ids["one"])
    checks = cli("doctor", "--json").data["checks"]
    assert any(c["id"] == "locks" and "a9.lock" in c["message"] for c in checks)
