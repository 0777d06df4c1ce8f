"""A swarm can be moved aside for one of another base, and what is there stays readable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.core.conftest import make_user_repository

from evogit.swarm.identity import take_worker
from evogit.swarm.repository import Swarm

FILES = {
    "double.py": "def double(n):\n    return n + n\n",
    "bench.py": "from double import double\n\nfor n in range(9):\n    print(double(n))\n",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def evogit(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One call of the real command line as a user would make it in ``root``."""
    command = [sys.executable, "-m", "evogit.cli", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def git(root: Path, *words: str) -> str:
    """What git prints."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a swarm of its first commit, and another commit since."""
    root = make_user_repository(tmp_path / "project", FILES)
    assert evogit(root, "init", "--yes").returncode == 0
    (root / "double.py").write_text("def double(n):\n    return 2 * n\n")
    git(root, "commit", "-qam", "other")
    return root


def test_a_swarm_of_another_base_takes_the_place_of_one_that_is_kept(project: Path) -> None:
    place = project / ".git" / "evogit"
    config = (project / "evogit.toml").read_text() + "# mine\n"
    (project / "evogit.toml").write_text(config)
    old = Swarm(place / "swarm.git").base

    refused = evogit(project, "init", "--yes")
    assert refused.returncode == 4
    assert "evogit init --anew" in refused.stderr

    made = evogit(project, "init", "--anew", "--yes")
    assert made.returncode == 0, made.stderr
    assert Swarm(place / "swarm.git").base == git(project, "rev-parse", "HEAD") != old
    assert Swarm(place / "swarm-1.git").base == old
    assert f"evogit -C {place / 'swarm-1.git'} status" in made.stderr
    assert evogit(project, "-C", str(place / "swarm-1.git"), "status").returncode == 0
    assert (project / "evogit.toml").read_text() == config

    assert evogit(project, "init", "--anew", "--base", "HEAD~1", "--yes").returncode == 0
    assert sorted(path.name for path in place.iterdir()) == [
        "swarm-1.git",
        "swarm-2.git",
        "swarm.git",
    ]


def test_a_swarm_stays_in_its_place_while_a_worker_runs_or_if_no_other_can_be_made(
    project: Path,
) -> None:
    place = project / ".git" / "evogit"
    swarm = Swarm(place / "swarm.git")
    worker = take_worker(swarm.git, swarm.host)
    try:
        refused = evogit(project, "init", "--anew", "--yes")
    finally:
        worker.release()
    assert refused.returncode == 4
    assert "w1 runs on the swarm" in refused.stderr

    assert evogit(project, "init", "--anew").returncode == 2  # nobody agrees
    assert evogit(project, "init", "--anew", "--base", "nowhere", "--yes").returncode == 3
    (project / "evogit.toml").write_text("[evaluate]\nstages = 3\n")
    assert evogit(project, "init", "--anew", "--yes").returncode == 2
    assert [path.name for path in place.iterdir()] == ["swarm.git"]
    assert Swarm(place / "swarm.git").base == swarm.base


def test_a_folder_that_does_not_exist_is_said_to_be_that(tmp_path: Path) -> None:
    refused = evogit(tmp_path, "init", "nowhere")
    assert refused.returncode == 3
    assert f"{tmp_path / 'nowhere'} does not exist" in refused.stderr
    (tmp_path / "file").touch()
    assert "is no folder" in evogit(tmp_path, "init", "file").stderr


def test_submodules_that_candidates_lack_are_named(tmp_path: Path) -> None:
    inner = make_user_repository(tmp_path / "inner", {"one.py": "one = 1\n"})
    root = make_user_repository(tmp_path / "project", FILES)
    for path in ("vendor/sub", "vendor/empty"):
        git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), path)
    git(root, "commit", "-qm", "submodules")
    git(root, "submodule", "deinit", "-q", "-f", "vendor/empty")

    made = evogit(root, "init", "--yes")
    assert made.returncode == 0
    assert "submodule vendor/sub is not part of candidates" in made.stderr
    assert "vendor/empty" not in made.stderr
    checked = evogit(root, "doctor").stdout
    assert "submodule vendor/sub is not part of candidates" in " ".join(checked.split())
