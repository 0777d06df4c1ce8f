"""A user's own repository is only read, from ``init`` to the end of a run; ``promote`` adds a branch."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.core.conftest import make_user_repository

FILES = {
    "measure.py": '''"""Sums for reports."""


def squares(numbers):
    """The sum of the squares of whole numbers."""
    numbers = list(numbers)
    for _ in range(60):
        numbers = sorted(numbers, key=str)
    result = 0
    for number in numbers:
        result += number * number
    return result
''',
    "test_measure.py": """import unittest

from measure import squares


class SquaresTest(unittest.TestCase):
    def test_squares_are_summed(self):
        self.assertEqual(squares([]), 0)
        self.assertEqual(squares([3, 1, 2]), 14)
        self.assertEqual(squares(iter([-1, 2])), 5)
""",
    "bench.py": """from measure import squares

print(squares(number * 7919 % 10007 for number in range(3000)))
""",
    "notes/plan.txt": "nothing\n",
    ".gitignore": "__pycache__/\n",
}


def evogit(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One call of the real command line as a user would make it in ``root``."""
    command = [sys.executable, "-m", "evogit.cli", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def fingerprint(root: Path) -> dict[str, str]:
    """Every file, link and folder below ``root``, that is also ``.git``, but not EvoGit's own folder."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        if here == root / ".git":
            folders.remove("evogit")
        for name in folders:
            found[str((here / name).relative_to(root))] = oct((here / name).lstat().st_mode)
        for name in files:
            path = here / name
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            mode = oct(path.lstat().st_mode)
            found[str(path.relative_to(root))] = f"{mode} {hashlib.sha256(content).hexdigest()}"
    return found


def git(root: Path, *words: str) -> str:
    """What git prints."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_leaves_the_users_repository_as_it_was_and_promote_adds_a_tested_branch(
    tmp_path: Path,
) -> None:
    root = make_user_repository(tmp_path / "project", FILES)
    made = evogit(root, "init", "--yes")
    assert made.returncode == 0, made.stderr
    before = fingerprint(root)

    limits = ("--max-evaluations", "120", "--until", "1.4")
    ran = evogit(root, "run", "-n", "1", "--seed", "5", *limits)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("best ") or "no separation" in ran.stdout, ran.stdout
    assert fingerprint(root) == before

    best = json.loads(evogit(root, "best", "-k", "1", "--jsonl").stdout.splitlines()[0])
    assert best["commit"] != git(root, "rev-parse", "HEAD")
    promoted = evogit(root, "promote", "best", "--to", "faster", "--yes")
    assert promoted.returncode == 0, promoted.stderr
    after = fingerprint(root)
    assert {name: after.get(name) for name in before if not name.startswith(".git/")} == {
        name: value for name, value in before.items() if not name.startswith(".git/")
    }
    assert git(root, "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/faster",
        "refs/heads/main",
    ]
    assert git(root, "diff", "--name-only", "main", "faster") == "measure.py"

    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--branch", "faster", str(root), str(clone))
    tests = [sys.executable, "-m", "unittest", "discover"]
    assert subprocess.run(tests, cwd=clone, check=False, capture_output=True).returncode == 0


def test_a_swarm_that_lost_a_ref_is_never_said_to_be_thrown_away(tmp_path: Path) -> None:
    root = make_user_repository(tmp_path / "user", FILES)
    assert evogit(root, "init", "--yes").returncode == 0
    swarm = root / ".git" / "evogit" / "swarm.git"
    spec = git(swarm, "rev-parse", "refs/evogit/spec")
    git(swarm, "update-ref", "refs/heads/a1", "refs/heads/main")
    git(swarm, "update-ref", "-d", "refs/evogit/spec")
    lost = evogit(root, "status")
    assert lost.returncode == 3
    assert "has lost refs/evogit/spec; everything else is there" in lost.stderr
    assert "remove" not in lost.stderr
    git(swarm, "update-ref", "refs/evogit/spec", spec)
    assert evogit(root, "status").returncode == 0


def test_a_bare_repository_needs_a_configuration_of_its_owners(tmp_path: Path) -> None:
    make_user_repository(tmp_path / "user")
    git(tmp_path, "clone", "-q", "--bare", "user", "bare.git")
    refused = evogit(tmp_path / "bare.git", "init", "--yes")
    assert refused.returncode == 4
    assert "bare: there are no files" in refused.stderr
    assert not (tmp_path / "bare.git" / "evogit.toml").exists()
