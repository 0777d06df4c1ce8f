"""``evogit init`` looks at the base commit, from the folder where it is started, with the tools of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.core.conftest import make_user_repository
from tests.core.test_own_repository import evogit, git

from evogit.source import find_source

SPEED = '[evaluate]\nstages = [{ run = ["python", "-c", "print(1)"], score = "speed" }]\n'
CRATE = {"Cargo.toml": '[package]\nname = "x"\n', "src/lib.rs": "pub fn x() {}\n"}


def test_the_nearest_configuration_counts_from_a_folder_below(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", {"app/x.py": "x = 0\n"})
    (root / "app" / "evogit.toml").write_text(SPEED)
    made = evogit(root / "app", "init", "--yes", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["config"] == str(root / "app" / "evogit.toml")
    assert not (root / "evogit.toml").exists()


def test_a_run_follows_the_file_that_the_swarm_was_made_from(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", {"app/x.py": "x = 0\n"})
    (root / "app" / "evogit.toml").write_text(SPEED)
    assert evogit(root / "app", "init", "--yes").returncode == 0
    (root / "evogit.toml").write_text(SPEED.replace("print(1)", "print(2)"))
    for folder in (root, root / "app"):
        shown = evogit(folder, "trust", "--dry-run", "--json")
        assert "print(1)" in str(json.loads(shown.stdout)["commands"])
    assert "is made from" in evogit(root, "trust", "--dry-run").stderr


def test_from_a_folder_below_init_says_that_all_of_the_repository_is_taken(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", {"app/x.py": "x = 0\n"})
    (root / "app" / "inner").mkdir()
    wrote = evogit(root / "app", "init", "--write-config")
    assert "was looked at, not app alone" in wrote.stderr
    assert (root / "evogit.toml").exists()


def test_a_sparse_checkout_is_clean_and_detected_from_the_base(tmp_path: Path) -> None:
    tests = "def test_x():\n    assert True\n"
    files = {"app/x.py": "x = 0\n", "other/tests/test_x.py": tests, "conftest.py": ""}
    root = make_user_repository(tmp_path / "user", files)
    git(root, "sparse-checkout", "set", "app")
    (root / "conftest.py").unlink(missing_ok=True)
    git(root, "checkout", "-q", "--", "conftest.py")
    assert not (root / "other").exists()
    assert not find_source(root).is_dirty()
    wrote = evogit(root, "init", "--write-config")
    assert "uncommitted" not in wrote.stderr
    assert '"pytest"' in (root / "evogit.toml").read_text()
    (root / "app" / "x.py").write_text("x = 1\n")
    assert find_source(root).is_dirty()


def test_what_the_work_tree_holds_does_not_decide_what_is_detected(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", {"x.py": "", "Makefile": "all:\n\ttrue\n"})
    (root / "Makefile").write_text("test:\n\ttrue\n")
    wrote = evogit(root, "init", "--write-config")
    assert "neither tests nor a benchmark" in wrote.stderr


def test_a_configuration_that_stays_after_a_failure_is_named(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", {"x.py": "x = 0\n"})
    failed = evogit(root, "init", "--yes")  # bench.py, that the configuration names, is missing
    assert failed.returncode != 0
    assert f"{root / 'evogit.toml'} stays" in failed.stderr


def test_tools_outside_of_the_sandbox_are_shown_to_candidates(tmp_path: Path) -> None:
    tools = tmp_path / "opt" / "rust" / "bin"
    tools.mkdir(parents=True)
    (tools / "cargo").write_text("#!/bin/sh\n")
    (tools / "cargo").chmod(0o755)
    root = make_user_repository(tmp_path / "user", CRATE)
    environ = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "evogit.cli", *words]
        return subprocess.run(
            command, cwd=root, env=environ, capture_output=True, text=True, check=False
        )

    assert f"evogit.toml shows them {tools.parent}" in run("init", "--write-config").stderr
    assert f'paths = ["{tools.parent}"]' in (root / "evogit.toml").read_text()
    (root / "evogit.toml").write_text(SPEED.replace('"python", "-c"', '"cargo"'))
    assert run("init", "--yes").returncode == 0
    checks = json.loads(run("doctor", "--json").stdout)["checks"]
    [told] = [check for check in checks if check["id"] == "programs"]
    assert told["message"] == f"cargo is {tools}/cargo, which candidates are not shown"
    assert f'paths = ["{tools.parent}"]' in told["fix"]
