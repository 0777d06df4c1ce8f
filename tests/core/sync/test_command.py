"""The exit status of ``evogit sync`` says whether everything of ours was published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.sync.conftest import Pair

from evogit.cli.main import main


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
