"""Git, as we start it, obeys nobody but us."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from evogit.errors import GitError
from evogit.git.program import run_git
from evogit.swarm.repository import init_bare


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return init_bare(tmp_path / "swarm.git").path


def test_variables_of_the_caller_do_not_reach_git(
    bare: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = init_bare(tmp_path / "other.git").path
    monkeypatch.setenv("GIT_DIR", str(other))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "evogit.leak")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "yes")
    assert run_git(bare, "rev-parse", "--absolute-git-dir").decode().strip() == str(bare)
    with pytest.raises(GitError):
        run_git(bare, "config", "evogit.leak")


def test_hooks_in_the_repository_do_not_run(bare: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hooks = bare / "hooks"
    hooks.mkdir()
    hook = hooks / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.hooksPath", str(hooks)], cwd=bare, check=True)
    tree = run_git(bare, "mktree", stdin=b"").decode().strip()
    commit = run_git(
        bare,
        "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", tree, "-m", "x",
    ).decode().strip()  # fmt: skip
    run_git(bare, "update-ref", "refs/heads/x", commit)
    assert not marker.exists()


def test_replace_refs_do_not_change_what_is_read(bare: Path) -> None:
    one = run_git(bare, "hash-object", "-w", "--stdin", stdin=b"one").decode().strip()
    two = run_git(bare, "hash-object", "-w", "--stdin", stdin=b"two").decode().strip()
    run_git(bare, "update-ref", f"refs/replace/{one}", two)
    assert run_git(bare, "cat-file", "blob", one) == b"one"


def test_a_failure_names_the_command_and_what_git_said(bare: Path) -> None:
    with pytest.raises(GitError) as error:
        run_git(bare, "cat-file", "blob", "0" * 40)
    assert error.value.status == 128
    assert "cat-file" in error.value.message
    assert error.value.stderr


def test_a_program_that_does_not_end_is_killed(bare: Path) -> None:
    with pytest.raises(GitError, match="did not end"):
        run_git(bare, "-c", "alias.wait=!sleep 60", "wait", timeout=0.5)


def test_what_a_killed_program_had_started_is_killed_with_it(bare: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    with pytest.raises(GitError, match="did not end"):
        run_git(bare, "-c", f"alias.wait=!(sleep 1; touch {late}) & sleep 60", "wait", timeout=0.5)
    time.sleep(1.2)
    assert not late.exists()


def test_a_file_can_be_given_as_standard_input(bare: Path, tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"one")
    with path.open("rb") as file:
        blob = run_git(bare, "hash-object", "-w", "--stdin", stdin=file.fileno())
    assert run_git(bare, "cat-file", "blob", blob.decode().strip()) == b"one"


def test_of_many_lines_the_one_that_says_what_is_wrong_is_told(bare: Path) -> None:
    with pytest.raises(GitError) as error:
        run_git(bare, "ls-remote", str(bare / "nowhere"), user_config=True)
    assert "does not appear to be a git repository" in error.value.message
