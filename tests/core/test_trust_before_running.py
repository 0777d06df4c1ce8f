"""Nothing that a repository asks for is started before its user agreed to exactly that."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evogit.cli import trusting
from evogit.cli.main import main
from evogit.git.trees import Change
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import Spec, write_spec

if TYPE_CHECKING:
    from tests.core.conftest import UserRepository

    from evogit.cli.session import Session

CONFIG = """
[evaluate]
stages = [{ run = ["SCRIPT", "stage"], score = ["SCRIPT", "scorer"] }]
gates = [{ name = "gate", command = ["SCRIPT", "gate"] }]
holdout = { run = ["SCRIPT", "holdout"], score = "speed" }
[environment]
python = "tool"
setup = ["SCRIPT", "setup"]
lock = ["x.py"]
"""


@pytest.fixture
def root(user_repository: UserRepository, tmp_path: Path) -> Path:
    """A repository whose every command, and whose interpreter, leaves a mark."""
    (tmp_path / "marks").mkdir()
    script = tmp_path / "script"
    made = user_repository(
        files={"x.py": "x = 0\n", "evogit.toml": CONFIG.replace("SCRIPT", str(script)), "tool": ""}
    )
    for path in (script, made / "tool"):
        path.write_text(f"#!/bin/sh\ntouch {tmp_path}/marks/{path.name}\n")
        path.chmod(0o755)
    return made


def evogit(root: Path, *arguments: str) -> tuple[int, str]:
    said, before = io.StringIO(), Path.cwd()
    os.chdir(root)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(arguments)
    finally:
        os.chdir(before)
    return status, said.getvalue()


def grow(root: Path) -> None:
    """An individual by hand, on the branch ada of the swarm."""
    swarm = Swarm(root / ".git" / "evogit" / "swarm.git")
    git = swarm.git
    change = {"grown.txt": Change(git.write_blob(b"grown"))}
    tree = git.change_tree(git.commit(swarm.base).tree, change)
    made = git.write_commit(tree, [swarm.base], "by hand\n", author="ada", time=1_700_000_100)
    git.move_ref("refs/heads/ada", old=None, new=made)


COMMANDS = (
    *("run --max-evaluations 1", "worker", "eval base", "merge base base", "promote ada --yes"),
    *("status", "log --all", "show base", "diff base base", "doctor", "config show", "goal", "gc"),
    *("export", "graph", "path", "agents", "notes", "sync", "undo --yes"),
)


def test_no_command_starts_anything_without_consent(root: Path, tmp_path: Path) -> None:
    status, said = evogit(root, "init")
    assert status == 2
    assert "nobody is here to ask" in said
    assert not (root / ".git" / "evogit" / "swarm.git").exists()
    assert evogit(root, "init", "--yes")[0] == 0
    assert evogit(root, "trust", "--revoke")[0] == 0
    grow(root)
    marks = tmp_path / "marks"
    for line in COMMANDS:
        status, said = evogit(root, *line.split())
        assert not list(marks.iterdir()), line
        assert "is a bug" not in said
        if line.startswith(("run", "worker", "eval", "merge", "promote")):
            assert status in {3, 4}, (line, status, said)


def test_consent_is_to_what_was_shown_and_ends_with_it(root: Path, tmp_path: Path) -> None:
    assert evogit(root, "init", "--yes")[0] == 0
    status, said = evogit(root, "trust", "--dry-run")
    assert status == 0
    for name in ("stage", "scorer", "gate", "holdout", "setup"):
        assert f"{tmp_path}/script {name}" in said
    assert "interpreter: tool" in said
    config = root / "evogit.toml"
    for change in ('"setup", "-x"', '"setup"]\npaths = ["/"'):
        before = config.read_text()
        config.write_text(before.replace('"setup"', change))
        status, said = evogit(root, "run", "--max-evaluations", "1")
        assert status == 4, said
        assert "evogit trust" in said
        assert not list((tmp_path / "marks").iterdir())
        config.write_text(before)


def test_what_is_asked_about_is_shown_whole_even_to_who_wants_no_notes(root: Path) -> None:
    config = root / "evogit.toml"
    config.write_text(config.read_text().replace('"setup"', f'"setup", "{"x" * 9000} end"', 1))
    for words in (("-q", "init"), ("init", "--json"), ("init",)):
        said = evogit(root, *words)[1]
        assert f"{'x' * 9000} end" in said


@pytest.mark.parametrize("line", ["run --max-evaluations 1", "eval base", "promote ada --yes"])
def test_commands_that_come_between_the_question_and_the_start_are_not_run(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    assert evogit(root, "init", "--yes")[0] == 0
    grow(root)
    asked = trusting.require

    def other_spec_arrives(session: Session, swarm: Swarm, spec: Spec | None = None) -> None:
        asked(session, swarm, spec)
        if spec is not None:  # this is what runs
            return
        settings, base = swarm.spec().settings, swarm.git.commit(swarm.base).tree
        environment = settings.environment.model_copy(
            update={"setup": (f"{tmp_path}/script", "other")}
        )
        changed = settings.model_copy(update={"environment": environment})
        write_spec(swarm.git, changed, base=base, files={}, author="eve", time=1, subject="other")

    monkeypatch.setattr(trusting, "require", other_spec_arrives)
    status, said = evogit(root, *line.split())
    assert status == 4, said
    assert "not trusted" in said
    assert not list((tmp_path / "marks").iterdir())
