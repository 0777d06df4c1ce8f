"""The genetic agent in real swarms: constants tuned over several runs, programs of other languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "languages"
MODEL = "import math\n\nA = 3.0\nB = 9.0\nC = 40\n\nprint(A, B, C)\n"
SCORE = """
import json, math, sys
a, b, c = map(float, sys.stdin.read().split())
error = math.log(a / 0.5) ** 2 + math.log(b / 20) ** 2 + math.log(c / 90) ** 2
print(json.dumps({"score": error}))
"""
SETTINGS = """
[evaluate]
direction = "minimize"
[evaluate.files]
score = ["score.py"]
[[evaluate.stages]]
name = "fit"
run = ["python", "model.py"]
score = ["python", "/eval/score.py"]
[search]
agents = ["genetic:tune"]
strategy = "hill-climb"
editable = ["model.py"]
"""


def evogit(folder: Path, *words: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVOGIT", "GIT_", "XDG_"))}
    environment = {**kept, "HOME": str(folder.parent), "XDG_CACHE_HOME": str(folder.parent / "c")}
    command = [sys.executable, "-m", "evogit.cli", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def repository(folder: Path) -> None:
    who = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def subjects(folder: Path) -> list[str]:
    swarm = evogit(folder, "path").strip()
    command = ["git", "--git-dir", swarm, "log", "--branches", "--format=%s"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_constants_are_tuned_over_several_runs_of_several_agents(tmp_path: Path) -> None:
    folder = tmp_path / "fit"
    folder.mkdir()
    (folder / "model.py").write_text(MODEL)
    (folder / "score.py").write_text(SCORE)
    (folder / "evogit.toml").write_text(SETTINGS)
    repository(folder)
    evogit(folder, "init", "--yes")
    evogit(folder, "run", "-n", "2", "--max-evaluations", "60")
    first = generations(folder)
    evogit(folder, "run", "-n", "2", "--max-evaluations", "60")
    best = json.loads(evogit(folder, "best", "--json"))
    assert (
        0 <= score_of(best) < 1.0
    )  # the base has 4.5; how low it gets depends on the order of steps
    made = subjects(folder)[:-1]
    assert made
    assert all(subject.startswith("tune model.py: ") for subject in made)
    assert max(first) > 1
    assert max(generations(folder)) > max(first)  # the second run went on where the first ended


def generations(folder: Path) -> list[int]:
    """Which generation of its distribution each individual was drawn from."""
    found = (re.search(r"generation (\d+)", subject) for subject in subjects(folder))
    return [int(match[1]) for match in found if match is not None]


def score_of(found: object) -> float:
    """The first score anywhere in what ``best --json`` prints."""
    match = re.search(r'"score": (-?[\d.e-]+)', json.dumps(found))
    assert match is not None
    return float(match[1])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "program"), [("javascript", "node"), ("c", "gcc"), ("rust", "rustc")]
)
def test_programs_of_other_languages_evolve_with_their_tests_as_the_gate(
    language: str, program: str, tmp_path: Path
) -> None:
    found = shutil.which(program, path="/usr/bin:/bin")
    if found is None or not EXAMPLES.is_dir():
        pytest.skip(f"no {program} in /usr/bin, where every sandbox can read it")
    folder = tmp_path / language
    shutil.copytree(EXAMPLES / language, folder)
    settings = (folder / "evogit.toml").read_text()
    (folder / "evogit.toml").write_text(settings.replace("repeats = 5", "repeats = 1"))
    repository(folder)
    evogit(folder, "init", "--yes")
    evogit(folder, "eval", "base")
    told = evogit(folder, "run", "-n", "2", "--max-evaluations", "8", "--json")
    events = [json.loads(line) for line in told.splitlines()]
    assert sum(event.get("event") == "evaluated" for event in events) >= 8
    assert score_of(json.loads(evogit(folder, "best", "--json"))) > 0.5
