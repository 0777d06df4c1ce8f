"""One key of a configuration file is set or taken out; everything else in it stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.config.test_load import MINIMAL

from evogit.config.editing import set_value, unset_value
from evogit.config.load import load
from evogit.errors import ConfigError, NotFoundError


def test_setting_a_value_keeps_comments_and_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL)
    path.chmod(0o640)

    assert set_value(path, "budget.evaluations", "50").budget.evaluations == 50
    assert set_value(path, "evaluate.stages[0].repeats", 7).evaluate.stages[0].repeats == 7
    assert (
        set_value(path, "evaluate.stages.0.limits.wall", "2m").evaluate.stages[0].limits.wall == 120
    )
    set_value(path, "goal.text", "be correct")

    text = path.read_text()
    assert "# what we want" in text
    assert 'text = "be correct"' in text
    assert "# keep me" in text
    assert load(path).budget.evaluations == 50
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir() if p.name != "home"] == ["evogit.toml"]


def test_setting_a_value_in_pyproject_stays_in_our_table(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        "[project]\nname = 'x' # mine\n"
        "[[tool.evogit.evaluate.stages]]\nrun = ['x']\nscore = 'speed'\n[tool.other]\nz = 1\n"
    )

    assert set_value(path, "budget.tokens", "9").budget.tokens == 9
    assert "# mine" in path.read_text()
    assert load(path).budget.tokens == 9


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget.evaluations", "-1"),
        ("budget.nothing", "1"),
        ("evaluate.stages[4].repeats", "2"),
        ("goal", "text"),
        ("", "1"),
        ("a..b", "1"),
        ("goal.text.deeper", "1"),
    ],
)
def test_a_wrong_setting_leaves_the_file_as_it_was(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL)

    with pytest.raises(ConfigError):
        set_value(path, key, value)
    assert path.read_text() == MINIMAL


def test_a_key_that_is_taken_out_has_its_default_again_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL)
    set_value(path, "budget.evaluations", "50")
    set_value(path, "search.options.drift", "0.5")

    assert unset_value(path, "search.options.drift").search.options == {}
    assert unset_value(path, "budget.evaluations").budget.evaluations is None
    assert unset_value(path, "goal").goal.text == ""
    assert "# what we want" in path.read_text()


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("budget.tokens", NotFoundError),
        ("search.options.drift", NotFoundError),
        ("evaluate.stages[3]", NotFoundError),
        ("goal.text.deeper", ConfigError),
        ("budget.nothing", ConfigError),
        ("evaluate.stages[0].run", ConfigError),
        ("evaluate", ConfigError),
    ],
)
def test_what_is_not_there_or_is_needed_is_not_taken_out(
    tmp_path: Path, key: str, error: type[Exception]
) -> None:
    path = tmp_path / "evogit.toml"
    path.write_text(MINIMAL)

    with pytest.raises(error):
        unset_value(path, key)
    assert path.read_text() == MINIMAL
