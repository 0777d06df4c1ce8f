"""What becomes of the spec when evogit.toml, an override or a file of the evaluator changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evogit.config.load import load
from evogit.config.model import Goal
from evogit.errors import ConfigError
from evogit.initialise import follow_config, init_repository, pin_files
from evogit.source import find_source
from evogit.swarm.repository import Swarm
from evogit.swarm.spec import write_spec

TOML = """
[goal]
text = "as written"
[evaluate]
files = { run = ["run.py"], score = ["score.py"] }
stages = [{ name = "m", run = ["python", "/eval/run.py"], score = ["python", "/eval/score.py"] }]
"""
FILES = {"x.py": "x = 0\n", "run.py": "print(1)\n", "score.py": "print(1)\n", "evogit.toml": TOML}


@pytest.fixture
def root(user_repository: Callable[..., Path]) -> Path:
    return user_repository(files=FILES)


@pytest.fixture
def swarm(root: Path) -> Swarm:
    return init_repository(find_source(root), root / "evogit.toml", author="ada")


def follow(swarm: Swarm, root: Path, **environ: str) -> str:
    file = root / "evogit.toml"
    settings = load(file, environ=environ)
    source = find_source(root)
    return follow_config(swarm, source, file, author="ada", time=1, settings=settings)


def decide(swarm: Swarm, root: Path, goal: str) -> None:
    changed = swarm.spec().settings.model_copy(update={"goal": Goal(text=goal)})
    base, files = swarm.git.commit(swarm.base).tree, pin_files(changed, root)
    write_spec(swarm.git, changed, base=base, files=files, author="b", time=1, subject="goal")


def goal(swarm: Swarm) -> str:
    return swarm.spec().settings.goal.text


def test_a_decided_goal_stays_when_a_file_of_the_evaluator_changes(
    swarm: Swarm, root: Path
) -> None:
    decide(swarm, root, "decided since")
    (root / "run.py").write_text("print(2)\n")
    assert follow(swarm, root) == "files of the evaluator changed"
    assert goal(swarm) == "decided since"
    assert follow(swarm, root) == ""


def test_a_goal_that_changes_in_the_file_counts(swarm: Swarm, root: Path) -> None:
    decide(swarm, root, "decided since")
    (root / "evogit.toml").write_text(TOML.replace("as written", "as written anew"))
    assert follow(swarm, root) == "goal of evogit.toml changed"
    assert goal(swarm) == "as written anew"


def test_an_override_holds_for_as_long_as_it_is_there(swarm: Swarm, root: Path) -> None:
    assert follow(swarm, root, EVOGIT_BUDGET__EVALUATIONS="7") == "budget of evogit.toml changed"
    assert swarm.spec().settings.budget.evaluations == 7
    assert follow(swarm, root) == "budget of evogit.toml changed"
    assert swarm.spec().settings.budget.evaluations is None


def test_two_files_of_one_name_are_an_error_and_not_one_of_them(root: Path) -> None:
    for folder in ("a", "b"):
        (root / folder).mkdir()
        (root / folder / "x.py").write_text("")
    (root / "evogit.toml").write_text(TOML.replace('["run.py"]', '["a/x.py", "b/x.py"]'))
    with pytest.raises(ConfigError, match=r"two files would be /eval/x\.py"):
        init_repository(find_source(root), root / "evogit.toml", author="ada")


def test_a_link_in_a_folder_of_the_evaluator_is_not_followed(root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "link").symlink_to("/etc/hostname")
    (root / "evogit.toml").write_text(TOML.replace('["run.py"]', '["a"]'))
    with pytest.raises(ConfigError, match="is a link"):
        init_repository(find_source(root), root / "evogit.toml", author="ada")
