"""One broken package of a stranger hides nothing else, and is named by its group and its code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.cli.conftest import Run, World
from tests.core.strangers import install

from evogit.cli.main import main

Install = Callable[[str, str], str]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    return lambda points, code: install(tmp_path, monkeypatch, points, code)


def test_a_kind_of_agents_that_can_not_be_imported_does_not_hide_the_others(
    cli: Run, installed: Install
) -> None:
    points = "[evogit.agents]\nboom = {module}:boom\nnone = {module}:none\nodd = odd:odd\n"
    module = installed(points, "def none(setup): return None")
    found = {row["kind"]: row for row in cli("agents", "kinds", "--jsonl").lines}
    assert found["genetic"]["works"]
    assert not any(found[kind]["works"] for kind in ("boom", "none", "odd"))
    assert f"agent 'boom' (evogit.agents: {module}:boom) can not be loaded" in found["boom"]["text"]
    assert "it returned NoneType, not a maker of agents" in found["none"]["text"]
    assert "ModuleNotFoundError: No module named 'odd'" in found["odd"]["text"]


def test_a_problem_without_its_files_does_not_hide_the_others(cli: Run, installed: Install) -> None:
    module = installed("[evogit.problems]\nbare = {module}\ngone = nowhere.at_all\n", "")
    found = {row["name"]: row["summary"] for row in cli("problems", "--jsonl").lines}
    assert "online-bin-packing" in found
    assert found["bare"].startswith(f"problem 'bare' (evogit.problems: {module}) can not be read")
    assert "No module named 'nowhere'" in found["gone"]
    shown = cli("problems", "gone")
    assert (shown.status, "No module named 'nowhere'" in shown.err) == (3, True)


def test_a_problem_whose_package_is_missing_can_not_be_run_and_is_named(
    cli: Run, installed: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("[evogit.problems]\ngone = nowhere.at_all\n", "")
    monkeypatch.chdir(tmp_path)
    done = cli("run", "gone")
    assert done.status == 2
    assert "problem 'gone' (evogit.problems: nowhere.at_all) is no package" in done.err
    assert not (tmp_path / "gone").exists()


def test_strategies_are_listed_by_their_own_words_or_by_what_is_wrong(
    cli: Run, installed: Install
) -> None:
    points = (
        "[evogit.strategies]\none = {module}:One\nno-class = {module}:three\ngone = {module}:Gone\n"
    )
    module = installed(points, '"""Many things."""\nclass One:\n    """The one."""\nthree = 3\n')
    found = {row["name"]: row["summary"] for row in cli("strategies", "--jsonl").lines}
    assert found["one"] == "The one."
    assert found["no-class"].endswith(f"{module}:three): it is no class")
    assert f"{module}:Gone) can not be loaded: AttributeError" in found["gone"]


def test_a_plugins_exception_is_shown_for_debug_alone(
    world: World,
    installed: Install,
    capsys: pytest.CaptureFixture[str],
) -> None:
    installed("[evogit.strategies]\nboom = {module}:Boom\n", "raise RuntimeError('no licence')")
    for options, traced in ([], False), (["--debug"], True):
        capsys.readouterr()
        assert main(["strategies", "boom", *options]) == 2
        told = capsys.readouterr().err
        assert "strategy 'boom' (evogit.strategies: " in told
        assert "this is a bug" not in told
        assert ("Traceback" in told) is traced
