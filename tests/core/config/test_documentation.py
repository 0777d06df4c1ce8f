"""docs/configuration.md says what the models say."""

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from evogit.config.keys import all_keys, interpret, kinds_at, parse_path
from evogit.config.load import parse
from evogit.config.values import Model

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
TEXT = PAGE.read_text()
ROWS = re.findall(r"^\| `([a-z_.\[\]]+)` \| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)
TABLES = {
    "goal",
    "problem",
    "evaluate",
    "evaluate.files",
    "environment",
    "search",
    "quarantine",
    "budget",
    "models",
    "sandbox",
    "secrets",
}


def leaves() -> list[str]:
    skipped = re.compile(r"evaluate\.(?:holdout|gates\[\]\.limits)\..*")
    return [key for key in all_keys() if key not in TABLES and not skipped.fullmatch(key)]


@pytest.mark.parametrize("key", [key for key in all_keys() if key not in TABLES])
def test_every_key_is_mentioned(key: str) -> None:
    assert f"`{key}`" in TEXT


def test_there_is_one_row_per_key_and_none_for_what_does_not_exist() -> None:
    assert sorted(key for key, _, _ in ROWS) == sorted(leaves())


@pytest.mark.parametrize(("key", "shown"), [(key, shown) for key, shown, _ in ROWS])
def test_the_default_on_the_page_is_the_default_of_the_model(key: str, shown: str) -> None:
    path = parse_path(key.replace("[]", "[0]"))
    field = field_at(path)
    if shown == "required":
        assert field.is_required()
    elif shown == "none":
        assert field.default is None
    elif shown == "see Limits":
        assert isinstance(field.default, Model)
    else:
        kind: Any = Annotated[field.annotation, field]
        written = shown.strip("`")
        value = "" if written == '""' else interpret(path, written)
        assert TypeAdapter(kind).validate_python(value) == field.get_default(
            call_default_factory=True, validated_data={}
        )


def field_at(path: tuple[str | int, ...]) -> FieldInfo:
    for kind in kinds_at(path[:-1]):
        if isinstance(kind, type) and issubclass(kind, Model):
            return kind.model_fields[str(path[-1])]
    raise AssertionError(path)


@pytest.mark.parametrize(
    "block", re.findall(r"^```toml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
)
def test_every_example_is_a_configuration(block: str) -> None:
    assert parse(block).evaluate.stages
