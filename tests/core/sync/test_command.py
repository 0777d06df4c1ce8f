"""The exit status of ``evogit sync`` says whether everything of ours was published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.sync.conftest import Pair

from evogit.cli.main import main
from evogit.cli.run import how_to_keep
from evogit.ids import SPEC_REF, TreeId
from evogit.sync.remote import sync_timeout


def test_a_refused_ref_makes_the_command_fail_and_a_published_one_does_not(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(pair.one.swarm.path).parents[2])
    hook = pair.remote / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/*) exit 1;; esac\n")
    hook.chmod(0o755)
    pair.one.step("x = 1\n")
    assert main(["sync", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["pushed"] == 1
    assert "refs/heads/a1" in said.err
    hook.unlink()
    assert main(["sync", "--json"]) == 0


def test_in_a_clone_the_best_is_brought_home_before_it_is_promoted(pair: Pair) -> None:
    assert how_to_keep(pair.one.swarm) == "evogit promote best"
    assert how_to_keep(pair.two.swarm).startswith("evogit sync, here and where evogit init was run")


def test_in_a_clone_the_spec_counts_and_overrides_are_said_to_have_no_effect(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pair.two.swarm.path.parent)
    monkeypatch.setenv("EVOGIT_BUDGET__EVALUATIONS", "5")
    monkeypatch.setenv("EVOGIT_TRUST", "1")
    assert main(["config", "get", "budget.evaluations"]) == 0
    assert capsys.readouterr().out == "null\n"
    assert main(["config", "set", "budget.evaluations", "5"]) == 2
    assert "in a clone the spec" in capsys.readouterr().err
    assert main(["trust", "--yes"]) == 0
    assert "EVOGIT_BUDGET__EVALUATIONS has no effect" in capsys.readouterr().err


def test_a_spec_that_could_not_be_published_makes_the_command_fail(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair.one.sync()
    strange = pair.git("commit-tree", "-m", "strange", "main^{tree}").strip()
    pair.git("update-ref", "refs/evogit/spec", strange)
    monkeypatch.chdir(Path(pair.one.swarm.path).parents[2])
    assert main(["sync"]) == 1
    assert "once refs/evogit/spec is deleted there" in capsys.readouterr().err
    pair.git("update-ref", "-d", "refs/evogit/spec")
    assert main(["sync"]) == 0


def test_an_own_spec_that_can_not_be_read_is_mended_by_an_exchange(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.settle()
    git = pair.two.swarm.git
    good = git.ref(SPEC_REF)
    assert good is not None
    empty = TreeId(str(git.handle.TreeBuilder().write()))
    bad = git.write_commit(empty, [good], "bad\n", author="me", time=1_700_000_100)
    mended = git.write_commit(
        git.commit(good).tree, [bad], "mended\n", author="me", time=1_700_000_200
    )
    git.move_ref(SPEC_REF, old=good, new=mended)
    pair.two.sync()
    git.move_ref(SPEC_REF, old=mended, new=bad)
    monkeypatch.chdir(pair.two.swarm.path.parent)
    assert main(["sync"]) == 0
    assert git.ref(SPEC_REF) == mended


def test_a_timeout_is_remembered_and_one_that_is_none_is_refused(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(pair.one.swarm.path).parents[2])
    assert main(["sync", "--timeout", "2h"]) == 0
    assert sync_timeout(pair.one.swarm) == 7200
    for nonsense in ("soon", "0s", "1y"):
        assert main(["sync", "--timeout", nonsense]) == 2
    assert "write 90s, 10m or 8h" in capsys.readouterr().err
    assert sync_timeout(pair.one.swarm) == 7200


def test_a_remote_that_was_refused_does_not_stop_the_next_exchange(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(Path(pair.one.swarm.path).parents[2])
    assert main(["sync", "--remote", str(tmp_path / "nowhere.git")]) != 0
    assert main(["sync"]) == 0


def test_what_others_decided_is_told_once(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = pair.one.step("x = 1\n")
    pair.settle()
    pair.two.decide("ada", made)
    pair.two.sync()
    monkeypatch.chdir(Path(pair.one.swarm.path).parents[2])
    assert main(["sync"]) == 0
    assert f"decided elsewhere: pin {made[:12]} by ada of " in capsys.readouterr().err
    assert main(["sync"]) == 0
    assert "decided" not in capsys.readouterr().err


def test_a_best_that_only_others_judged_is_said_to_be(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair.one.step("x = 1\n", 9.0)
    pair.settle()
    for clone, home in (
        (pair.one, pair.one.swarm.path.parents[2]),
        (pair.two, pair.two.swarm.path.parent),
    ):
        monkeypatch.chdir(home)
        assert main(["status", "--json"]) == 0
        doubt = json.loads(capsys.readouterr().out)["doubt"]
        assert ("the word of w1 alone" in doubt) is (clone is pair.two)
