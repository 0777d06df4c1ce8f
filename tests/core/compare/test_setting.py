"""A folder holds one comparison."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evogit.compare.cell import held
from evogit.compare.setting import Setting, hold_reference, pin, reference
from evogit.errors import PreconditionError

SETTING = Setting({"tsp": "library"}, ("evogit", "best-of-n"), (1, 2), {"tsp": 100}, 4)


def test_the_same_setting_may_come_back_as_often_as_it_likes(tmp_path: Path) -> None:
    for _ in range(3):
        pin(tmp_path / "out", SETTING)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (replace(SETTING, evaluations={"tsp": 200}), 'evaluations: {"tsp": 100} there'),
        (replace(SETTING, agents=1), "agents: 4 there, 1 now"),
        (replace(SETTING, seeds=(1, 2, 3)), "seeds"),
        (replace(SETTING, arms=("evogit",)), "arms"),
        (replace(SETTING, problems={"tsp": "/elsewhere"}), "problems"),
        (replace(SETTING, kinds=("command",)), "kinds"),
    ],
)
def test_another_setting_is_refused_and_the_change_is_named(
    tmp_path: Path, changed: Setting, told: str
) -> None:
    pin(tmp_path / "out", SETTING)
    with pytest.raises(PreconditionError) as caught:
        pin(tmp_path / "out", changed)
    assert told in caught.value.message
    pin(tmp_path / "out", SETTING)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "thesis.tex").touch()
    with pytest.raises(PreconditionError, match="holds no comparison"):
        pin(folder, SETTING)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]


def test_a_start_that_was_killed_half_way_does_not_stand_in_the_way(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "comparison.new").write_text("{")
    pin(folder, SETTING)


def test_a_damaged_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text("{")
    with pytest.raises(PreconditionError, match="can not be read"):
        pin(tmp_path, SETTING)


def test_two_comparisons_can_not_work_in_one_folder(tmp_path: Path) -> None:
    with (
        held(tmp_path, wait=False),
        pytest.raises(PreconditionError, match="another process"),
        held(tmp_path, wait=False),
    ):
        pytest.fail("held twice")
    with held(tmp_path, wait=False):
        pass


def test_the_reference_is_the_one_that_was_named_before_anything_could_be_seen(
    tmp_path: Path,
) -> None:
    pin(tmp_path / "out", SETTING)
    assert reference(tmp_path / "out", "best-of-n") == "best-of-n"
    hold_reference(tmp_path / "out", "evogit", begun=False)
    hold_reference(tmp_path / "out", "best-of-n", begun=False)
    hold_reference(tmp_path / "out", "evogit", begun=True)
    assert reference(tmp_path / "out", "evogit") == "best-of-n"
    pin(tmp_path / "out", SETTING)
