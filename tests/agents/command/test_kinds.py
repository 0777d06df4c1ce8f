"""``evogit agents kinds``, as a program."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.agents.command.conftest import RECORD, Shop


def evogit(shop: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    config = shop.folder / "config" / "evogit"
    config.mkdir(parents=True, exist_ok=True)
    if not (config / "agents").exists():
        (config / "agents").symlink_to(shop.folder / "own" / "agents")
    variables = {**shop.environment, "XDG_CONFIG_HOME": str(config.parent), "NO_COLOR": "1"}
    program = "import sys; from evogit.cli.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "agents", "kinds", *words],
        cwd=shop.folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_every_kind_is_listed_with_its_version_or_the_reason_why_not(shop: Shop) -> None:
    shop.tool("")
    done = evogit(shop, "--json")
    assert done.returncode == 0, done.stderr
    found = {row["kind"]: row for row in json.loads(done.stdout)["kinds"]}
    assert (found["command:fake"]["works"], found["command:fake"]["version"]) == (
        True,
        "fake-agent 1.2.3",
    )
    assert found["genetic"]["works"]
    assert not found["command:codex"]["works"]
    assert "npm install -g @openai/codex" in found["command:codex"]["reason"]


def test_the_exact_command_is_printed_with_the_names_of_variables_but_no_value(shop: Shop) -> None:
    shop.environment["A_KEY"] = "sk-very-secret"
    shop.tool("", 'secrets = ["A_KEY"]\n')
    done = evogit(shop, "command:fake", "--print-command")
    assert done.returncode == 0, done.stderr
    program = shop.folder / "bin" / "fake-agent"
    assert done.stdout.startswith(f"{program} --task /agent/home/.evogit-prompt.md")
    assert "A_KEY" in done.stderr
    assert "sk-very-secret" not in done.stdout + done.stderr


def test_a_record_is_printed_as_it_is_written(shop: Shop) -> None:
    shop.record("mine", RECORD)
    assert evogit(shop, "command:mine", "--print-record").stdout.strip() == RECORD.strip()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["command:nope"], 3, "no coding agent named 'nope'"),
        (["nope"], 3, "no agent named 'nope'"),
        (["--print-command"], 2, "name a KIND"),
        (["command:codex", "--print-command"], 4, "'codex' is not installed"),
    ],
)
def test_what_can_not_be_answered_is_said(
    shop: Shop, words: list[str], status: int, said: str
) -> None:
    done = evogit(shop, *words)
    assert done.returncode == status
    assert said in done.stderr
