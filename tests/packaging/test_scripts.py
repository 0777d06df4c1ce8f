"""The scripts around the code: house rules, set-up and the list of targets."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("house_rules", ROOT / "scripts/house_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RULES: Any = _load()


def test_the_code_follows_the_house_rules() -> None:
    command = [sys.executable, ROOT / "scripts/house_rules.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_function_may_have_fifty_lines_besides_its_docstring_and_no_more() -> None:
    def found(lines: int) -> list[Any]:
        source = 'def f():\n    """Doc.\n\n    More.\n    """\n' + "    x = 1\n" * lines
        return list(RULES.long_functions(ast.parse(source)))

    assert found(50) == []
    assert "51 lines" in found(51)[0][1]


@pytest.mark.parametrize(
    ("source", "where", "count"),
    [
        ("import networkx", "evogit/evogit/a.py", 1),
        ("from git import Repo", "evogit/evogit/a.py", 1),
        ("try:\n    import numpy\nexcept ImportError:\n    import docker", "evogit/evogit/a.py", 2),
        ("def f():\n    import networkx", "evogit/evogit/a.py", 0),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import git", "evogit/a.py", 0),
        ("from evogit.git import refs", "evogit/evogit/a.py", 0),
        ("from textual.app import App", "tui/evogit_tui/app.py", 0),
        ("from textual.app import App", "agents/evogit_agents/a.py", 1),
    ],
)
def test_heavy_libraries_are_found_at_start_only(source: str, where: str, count: int) -> None:
    assert len(list(RULES.heavy_imports(ast.parse(source), where))) == count


def test_the_environment_is_read_by_the_command_line_only() -> None:
    tree = ast.parse("import os\nos.environ\nos.getenv('A')\nPath.home()\nself.environ")
    assert len(list(RULES.environment_reads(tree, "evogit/evogit/git/a.py"))) == 3
    assert list(RULES.environment_reads(tree, "evogit/evogit/cli/a.py")) == []


def test_an_export_list_out_of_order_is_found() -> None:
    assert list(RULES.unsorted_exports(ast.parse("__all__ = ['b', 'a']")))
    assert not list(RULES.unsorted_exports(ast.parse("__all__ = ['a', 'b']")))


def test_help_lists_every_target() -> None:
    done = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True)
    for target in ("demo", "test", "test-fast", "check", "bench"):
        assert f"make {target} " in done.stdout


def test_set_up_says_what_is_missing_and_changes_nothing(tmp_path: Path) -> None:
    """With neither git, Python nor apt within reach."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "id", "cat", "cksum", "dirname"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts/bootstrap", checkout / "scripts")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    done = subprocess.run(
        [checkout / "scripts/bootstrap", "dev"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tools)},
    )
    assert done.returncode == 1
    assert "needs git and Python 3.11 or newer" in done.stderr
    assert {path.name for path in checkout.iterdir()} == {"scripts", "pyproject.toml"}


@pytest.mark.parametrize("script", ["scripts/bootstrap", ".ci/run"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    shell = "bash" if script == ".ci/run" else "sh"
    subprocess.run([shell, "-n", ROOT / script], check=True)
