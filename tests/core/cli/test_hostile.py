"""No argument of any kind makes a traceback or reaches the terminal as a control sequence."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evogit.cli.main import main
from evogit.cli.registry import find_commands

SAFE = sorted(
    name
    for name, point in find_commands().items()
    if point.value.startswith("evogit.cli.")
    and name not in {"run", "worker", "demo", "eval", "init", "clone", "sync", "tui", "doctor"}
)
WORDS = (
    *("--json", "--jsonl", "--help", "-n", "-k", "-o", "--yes", "--dry-run", "--", "-", "--all"),
    *("a1", "best", "best:0", "base~1", "@-", "show", "set", "log", "list", "--color", "always"),
    *("0", "-1", "99999999999999999999", "1e999", "nan", "../..", "/", "/dev/full", "\x1b[2J"),
    *("=", "--=", "--json=1", "-C", "-Cx", "--version", "--debug=", "", " ", "\udcff", "日本"),
)
TOKENS = st.sampled_from(WORDS) | st.text(max_size=12)
STATUSES = {0, 1, 2, 3, 4, 5, 6, 7, 130}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder outside any repository."""
    return tmp_path_factory.mktemp("empty")


def run(arguments: list[str], folder: Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    finally:
        os.chdir(before)
    return status, out.getvalue(), err.getvalue()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SAFE), st.lists(TOKENS, max_size=5))
def test_random_arguments_end_with_a_known_status(
    folder: Path, command: str, rest: list[str]
) -> None:
    status, out, err = run([command, *rest], folder)
    assert status in STATUSES
    assert "Traceback" not in out + err
    assert "this is a bug" not in out + err
    if "always" not in rest:
        assert "\x1b" not in out + err


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOKENS, max_size=4))
def test_random_options_before_the_command_do_no_harm(folder: Path, given_: list[str]) -> None:
    status, out, err = run([*given_, "path"], folder)
    assert status in STATUSES
    assert "Traceback" not in out + err
    assert "this is a bug" not in out + err
