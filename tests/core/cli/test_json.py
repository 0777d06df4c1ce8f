"""docs/json.md names exactly the fields that commands print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.core.cli.conftest import Run, World
from tests.core.cli.json_page import differences, documented, sections


@pytest.mark.parametrize(
    ("heading", "arguments"),
    [
        ("evogit status", "status"),
        ("evogit log", "log --all"),
        ("evogit log", "best"),
        ("evogit log", "lineage best"),
        ("evogit log", "leaves"),
        ("evogit log", "children base"),
        ("evogit show", "show best"),
        ("evogit diff", "diff base best"),
        ("evogit cost", "cost"),
        ("evogit cost", "cost --by operator"),
        ("evogit explain", "explain best"),
        ("evogit analyze", "analyze"),
        ("evogit replay", "replay"),
        ("evogit agents list", "agents list"),
        ("evogit pin", "pin best"),
        ("evogit goal history", "goal history"),
        ("evogit promote --dry-run", "promote best --dry-run"),
        ("evogit doctor", "doctor"),
    ],
)
def test_a_command_prints_the_fields_on_the_page(
    cli: Run, world: World, heading: str, arguments: str
) -> None:
    assert differences(heading, [cli(*arguments.split(), "--json").data]) == []


def test_decisions_are_listed_with_the_fields_on_the_page(cli: Run, world: World) -> None:
    cli("pin", "best")
    cli("undo")
    cli("tag", "best", "good")
    assert differences("evogit tag", [cli("tag", "--json").data]) == []
    assert differences("evogit op log", [cli("op", "log", "--json").data]) == []


def test_exported_lines_have_the_fields_on_the_page(cli: Run, world: World, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in cli("export", "json").out.splitlines()]
    assert differences("evogit export json", lines) == []
    told = cli("export", "json", "-o", tmp_path / "x", "--json").data
    assert differences("evogit export json -o FILE --json", [told]) == []


def test_a_field_that_is_missing_on_either_side_is_found() -> None:
    fields = {"path": "x", "individuals": 1, "direction": "minimize"}
    heading = "evogit export json -o FILE --json"
    assert differences(heading, [fields | {"more": 1}]) == ["printed, not on the page: more"]
    assert differences(heading, [{"path": "x", "direction": "minimize"}]) == [
        "on the page, not printed: individuals"
    ]
    assert all(documented(heading) for heading in sections())
