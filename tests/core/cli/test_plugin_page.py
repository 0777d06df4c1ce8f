"""docs/plugins.md is true: its package is found, runs, and what it says of the phylogeny exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from evogit.phylogeny.index import Phylogeny

TEXT: Final = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text("utf-8")
FILES: Final[dict[str, str]] = dict(
    re.findall(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)
RELIED_UPON: Final = sorted(
    {
        name
        for row in re.findall(r"^\| (`.*`) \|", TEXT.partition("In the phylogeny")[2], re.MULTILINE)
        for name in re.findall(r"`([a-z_]+)[^`]*`", row)
    }
    - {"len", "id"}
)

Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def evogit(tmp_path: Path) -> Program:
    """The command line as a program that finds the page's package like an installed one."""
    site = tmp_path / "site"
    empty = {f"my_plugins/{folder}__init__.py": "" for folder in ("", "near_seven/")}
    groups = tomllib.loads(FILES["pyproject.toml"])["project"]["entry-points"]
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in named.items())
        for group, named in groups.items()
    )
    information = {"METADATA": "Metadata-Version: 2.1\nName: my-plugins\nVersion: 1\n"}
    information["entry_points.txt"] = points
    packed = {f"my_plugins-1.dist-info/{name}": text for name, text in information.items()}
    for path, text in {**FILES, **empty, **packed}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    variables = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(site)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evogit.cli", *words],
            cwd=tmp_path,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def test_the_pages_package_is_found(evogit: Program) -> None:
    def rows(name: str, *words: str) -> list[dict[str, Any]]:
        done = evogit(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)[name]

    (strategy,) = (r for r in rows("strategies", "strategies") if r["name"] == "on-top")
    assert strategy["summary"].startswith("Mutate one of the best individuals")
    (among,) = rows("options", "strategies", "on-top")
    assert (among["default"], among["meaning"]) == (3, "how many of the best are parents")
    (kind,) = rows("kinds", "agents", "kinds", "nudge")
    assert (kind["works"], kind["summary"][:19]) == (True, "Numbers of one file")
    (problem,) = (r for r in rows("problems", "problems") if r["name"] == "near-seven")
    assert problem["summary"] == "Print a number near seven"


def test_the_pages_strategy_agent_and_problem_evolve_something(evogit: Program) -> None:
    chosen = ("--strategy", "on-top", "--agent", "nudge", "--max-evaluations", "20", "--seed", "1")
    done = evogit("run", "near-seven", "-n", "1", *chosen)
    assert done.returncode == 0, done.stderr
    assert "stopped: 20 evaluations" in done.stderr
    found = re.search(r"^best (\S+) .* base 6,", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert float(found[1]) < 6


@pytest.mark.parametrize("name", RELIED_UPON)
def test_what_may_be_relied_upon_of_the_phylogeny_exists(name: str) -> None:
    assert hasattr(Phylogeny, name) or name == "quarantine"


def test_the_page_names_what_the_kernels_own_strategies_rely_upon() -> None:
    assert {"commit", "best", "fitness", "tips", "pruned", "last_step"} <= set(RELIED_UPON)
