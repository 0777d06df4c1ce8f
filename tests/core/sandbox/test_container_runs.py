"""Whole runs in containers: a library problem, and a repository of one's own with an image of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_OWN = """
[evaluate]
files = { score = ["score.py"] }

[[evaluate.gates]]
name = "tests"
command = ["python", "-m", "unittest", "-q", "test_total"]

[[evaluate.gates]]
name = "image"
command = ["sh", "-c", "test -f /built && test $FROM_IMAGE = yes"]

[[evaluate.stages]]
name = "length"
run = ["sh", "-c", "python3 main.py > answer && cat answer"]
score = ["python", "/eval/score.py"]
writable = true

[environment]
lock = ["requirements.txt"]

[search]
editable = ["total.py"]

[sandbox]
kind = "container"
dockerfile = "Dockerfile"
"""
_FILES = {
    "total.py": "def total(n):\n    s = 0\n    for i in range(n):\n        s = s + i * 2 + 0\n    return s\n",
    "main.py": "from total import total\nprint(total(100), len(open('total.py').read()))\n",
    "test_total.py": (
        "import unittest\nfrom total import total\n"
        "class T(unittest.TestCase):\n"
        "    def test_total(self):\n"
        "        self.assertEqual(total(4), 12)\n"
        "        with open('written', 'w') as file:\n            file.write('here')\n"
    ),
    "requirements.txt": "# nothing\n",
    "score.py": (
        "import json, sys\nanswer, length = sys.stdin.read().split()\n"
        "assert int(answer) == 9900\nprint(json.dumps({'score': 1000 - int(length)}))\n"
    ),
}


def evogit(cwd: Path, *arguments: str) -> str:
    home = cwd.parent / "home"
    environment = {
        **os.environ,
        **{f"XDG_{kind}_HOME": str(home) for kind in ("CONFIG", "STATE", "CACHE")},
        "EVOGIT_TRUST": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "evogit.cli", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def verdict(cwd: Path, revision: str) -> dict[str, Any]:
    return json.loads(evogit(cwd, "eval", revision, "--fresh", "--json"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    # Jobs of root run as another user, who must be able to enter all folders on the way.
    tmp_path.chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_a_library_problem_evolves_in_containers(engine_image: str, place: Path) -> None:
    evogit(place, "init", "--problem", "online-bin-packing", "packing", "--yes")
    packing = place / "packing"
    config = packing / "evogit.toml"
    # Patience for a busy machine: the scorer's time runs while the candidate's container starts.
    patient = config.read_text().replace('"5s"', '"60s"')
    config.write_text(f'{patient}\n[sandbox]\nkind = "container"\nimage = "{engine_image}"\n')
    evogit(packing, "run", "-n", "2", "--max-evaluations", "4", "--seed", "7")
    base = verdict(packing, "base")
    assert base["sandbox"] == "container"
    assert base["outcome"]["score"] == pytest.approx(0.0518658, abs=1e-6)  # as in any other


def test_one_s_own_repository_evolves_in_an_image_of_its_own(
    engine_image: str, place: Path
) -> None:
    files = {**_FILES, "evogit.toml": _OWN}
    files["Dockerfile"] = (
        f"FROM {engine_image}\nCOPY requirements.txt /\nRUN echo yes > /built\nENV FROM_IMAGE=yes\n"
    )
    for name, text in files.items():
        (place / name).write_text(text)
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@x.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "base"]):
        subprocess.run([*git, *arguments], cwd=place, check=True)
    evogit(place, "init", "--yes")
    evogit(place, "run", "-n", "2", "--max-evaluations", "3", "--seed", "3")
    base = verdict(place, "base")
    assert (base["sandbox"], base["outcome"]["score"]) == (
        "container",
        1000 - len(_FILES["total.py"]),
    )
