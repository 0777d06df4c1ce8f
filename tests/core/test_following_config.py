"""What becomes of the spec when evogit.toml, an override or a file of the evaluator changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evogit.cli.main import main
from evogit.cli.output import Manner, Output
from evogit.cli.session import Session
from evogit.cli.trusting import tell_looser_caps
from evogit.config.load import load
from evogit.config.model import Budget, Goal
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


def test_a_cap_that_others_raise_holds_here_as_the_file_says_until_that_says_more(
    swarm: Swarm, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    (root / "evogit.toml").write_text(TOML + "[budget]\ncost_usd = 5\nevaluations = 70\n")
    follow(swarm, root)
    raised = Budget(cost_usd=500_000, evaluations=60, tokens=9)
    settings = swarm.spec().settings.model_copy(update={"budget": raised})
    files, base = pin_files(settings, root), swarm.git.commit(swarm.base).tree
    write_spec(swarm.git, settings, base=base, files=files, author="b", time=1, subject="more")
    assert main(["cost", "--json"]) == 0
    caps = json.loads(capsys.readouterr().out)["caps"]
    assert caps == {"cost_usd": 5, "evaluations": 60, "tokens": 9}
    tell_looser_caps(Session(Output(Manner(), {}), root, {}))
    assert "cost_usd 5 (the spec: 500000)" in capsys.readouterr().err


def test_what_the_file_says_already_is_taken_over_again_when_it_is_set_again(
    swarm: Swarm, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    decide(swarm, root, "decided since")
    assert follow(swarm, root) == ""
    assert main(["config", "set", "goal.text", "as written"]) == 0
    assert follow(swarm, root) == "goal of evogit.toml changed"
    assert goal(swarm) == "as written"


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
