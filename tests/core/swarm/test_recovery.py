"""What is cleaned up after a power cut, and what another machine on the same disk leaves alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evogit.git.repository import GitRepository
from evogit.swarm.identity import is_alive, take_person, take_worker
from evogit.swarm.recovery import recover
from evogit.swarm.repository import init_bare


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    made = init_bare(tmp_path / "swarm.git")
    recover(made)
    return made


def left(git: GitRepository, age: float = 0) -> list[Path]:
    """A work folder, an evaluator, a damaged object and a half-written one, ``age`` s old."""
    private, fan = git.path / "evogit", git.path / "objects" / "ab"
    fan.mkdir()
    paths = [
        private / "workspaces" / "w1" / "x.py",
        private / "evaluators" / "abc" / "run.py",
        fan / ("0" * 38),
        fan / "tmp_obj_x1y2z3",
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        os.utime(path, (time.time() - age, time.time() - age))
    return paths


def boot_elsewhere(git: GitRepository) -> None:
    (git.path / "evogit" / "boot").write_text("another machine, or this one before")


def test_another_machine_leaves_everything_alone_while_a_worker_lives(git: GitRepository) -> None:
    worker = take_worker(git, "")
    paths = left(git, age=7200)
    boot_elsewhere(git)
    take_worker(git, "").release()
    with take_person(git, "ada", ""):
        pass
    assert all(path.exists() for path in paths)
    worker.release()
    assert recover(git) == 2
    assert not any(path.exists() for path in paths)


def test_a_person_who_decides_counts_as_much_as_a_worker(git: GitRepository) -> None:
    paths = left(git, age=7200)
    with take_person(git, "ada", ""):
        boot_elsewhere(git)
        assert recover(git) == 0
    assert all(path.exists() for path in paths)


def test_after_a_power_cut_a_young_temporary_file_stays_and_all_else_goes(
    git: GitRepository,
) -> None:
    take_worker(git, "").release()
    *damaged, young = left(git)
    boot_elsewhere(git)
    assert recover(git) == 1
    assert not any(path.exists() for path in damaged)
    assert young.exists()
    assert not is_alive(git, "w1")
    assert recover(git) == 0
