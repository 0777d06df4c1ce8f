"""What is shipped: every file of the parts, no junk, and nothing that shadows a stranger's package."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

import evogit

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("evogit", "evogit_agents", "evogit_problems", "evogit_tui")
ROOTS = ("evogit/evogit", "agents/evogit_agents", "problems/evogit_problems", "tui/evogit_tui")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def in_git(*folders: str) -> set[str]:
    """Files of the checkout that git keeps or would keep; skips where there is no repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others"]
    listing = subprocess.run(
        [*command, "--exclude-standard", "--", *folders], cwd=ROOT, capture_output=True, check=True
    )
    return {name for name in listing.stdout.decode().split("\0") if (ROOT / name).is_file()}


def wheel_path(name: str) -> str:
    """Where a file of a source root lies in the wheel."""
    return PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix()


def wheel_names(dist: Path) -> set[str]:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        return {name for name in wheel.namelist() if ".dist-info/" not in name}


@pytest.mark.slow
def test_the_wheel_holds_exactly_what_git_holds(dist: Path) -> None:
    assert wheel_names(dist) == {wheel_path(name) for name in in_git(*ROOTS)}


@pytest.mark.slow
def test_seeds_evaluators_and_problem_files_are_shipped_byte_for_byte(dist: Path) -> None:
    names = [n for n in in_git("problems/evogit_problems") if not n.endswith("/__init__.py")]
    assert sum(name.endswith("problem.toml") for name in names) == len(
        PROJECT["project"]["entry-points"]["evogit.problems"]
    )
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        for name in names:
            assert wheel.read(wheel_path(name)) == (ROOT / name).read_bytes(), name


@pytest.mark.slow
def test_the_wheel_brings_four_packages_and_no_generic_name(dist: Path) -> None:
    assert {name.split("/")[0] for name in wheel_names(dist)} == set(PACKAGES)


@pytest.mark.slow
def test_the_wheel_is_typed_and_says_what_it_needs(dist: Path) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= wheel_names(dist)
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        metadata = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        fields = Parser().parsestr(wheel.read(metadata).decode())
    assert fields["Name"] == "evogit"
    assert fields["Version"] == evogit.__version__
    assert fields["Requires-Python"] == ">=3.11"


@pytest.mark.slow
def test_the_sdist_holds_the_parts_and_their_tests(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    assert in_git("evogit", "agents", "problems", "tui", "tests", "examples") <= names
    assert not junk(names)


@pytest.mark.slow
def test_the_wheel_holds_no_junk(dist: Path) -> None:
    assert not junk(wheel_names(dist))


def junk(names: Iterable[str]) -> set[str]:
    return {n for n in names if "__pycache__" in n or n.endswith((".pyc", ".log", ".orig"))}


def test_seeds_are_plain_files() -> None:
    for name in in_git("problems/evogit_problems"):
        assert not (ROOT / name).is_symlink(), name


@pytest.mark.skipif("EVOGIT_TEST_DIST" not in os.environ, reason="tests run against the checkout")
def test_the_tests_run_against_the_installed_wheel() -> None:
    assert not Path(evogit.__file__).is_relative_to(ROOT / "evogit")
    assert "site-packages" in evogit.__file__
