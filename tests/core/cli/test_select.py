"""Names for individuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evogit.cli.select import select_operation
from evogit.errors import NotFoundError
from evogit.ids import CommitId

if TYPE_CHECKING:
    from conftest import Run, World
    from tests.core.conftest import Garden


def chosen(cli: Run, text: str) -> str:
    result = cli("show", "--json", "--", text)
    assert result.status == 0, result.out
    return result.data["commit"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("base", "base"),
        ("best", "best"),
        ("best:2", "two"),
        ("best@gen1", "two"),
        ("best:2@gen1", "one"),
        ("a1", "best"),
        ("a1~", "one"),
        ("a1~2", "base"),
        ("a3^2", "one"),
        ("a3^", "two"),
        ("a3^2~1", "base"),
        ("best~0", "best"),
    ],
)
def test_an_individual_has_many_names(cli: Run, world: World, text: str, name: str) -> None:
    assert chosen(cli, text) == world.ids[name]


def test_ids_may_be_abbreviated(cli: Run, world: World) -> None:
    for commit in world.ids.values():
        assert chosen(cli, commit) == commit
        assert chosen(cli, commit[:10]) == commit
        assert chosen(cli, f"{commit[:10]}~0") == commit


@pytest.mark.parametrize(
    "text",
    ["", "a", "zz", "best:99", "best:0", "best@gen", "a1~3", "a1^2", "0000", "main", "~1", "HEAD",
     "a1~99999999", "0" * 40, "refs/heads/a1", "\x1b[2J", "-x", "best:2:3", "é"],
)  # fmt: skip
def test_a_name_of_nothing_or_of_several_is_not_found(cli: Run, world: World, text: str) -> None:
    result = cli("show", "--json", "--", text)
    assert result.status == 3
    assert result.data["error"]["code"] == "not-found"


def test_before_anything_has_a_score_the_best_is_said_to_need_a_run(
    cli: Run, garden: Garden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(garden.root)
    assert "evogit eval base" in cli("show", "best").err


def test_an_ambiguous_name_lists_candidates(cli: Run, world: World) -> None:
    assert "a1, a2, a3" in cli("show", "a").err


def test_a_near_miss_is_suggested(cli: Run, world: World) -> None:
    assert "did you mean best" in cli("show", "bset").err


def test_operations_are_named_from_the_newest_back() -> None:
    found = [CommitId(f"{n:x}" * 40) for n in range(1, 4)]
    assert select_operation(found, "@-") == found[0]
    assert select_operation(found, "@--") == found[1]
    assert select_operation(found, "@-3") == found[2]
    assert select_operation(found, "2222") == found[1]
    for text in ("@-4", "@", "@-0", "9999", "", "@+"):
        with pytest.raises(NotFoundError):
            select_operation(found, text)
