"""Turns what pydantic found into one ``ConfigError`` that says where, what, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from pydantic import ValidationError

from evogit.config.keys import dotted, suggestion
from evogit.errors import ConfigError
from evogit.text import clean_line

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SHOWN: Final = 5
_SUBJECT: Final = re.compile(r"^(?:Input|Tuple|List|Dictionary|String|Value) should")
_PLAIN: Final = {"missing": "is required", "extra_forbidden": "is no key of EvoGit"}
_TYPES: Final = {
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What was wanted, in the words of TOML instead of Python's."""


def explain(
    error: ValidationError, data: object, source: str, origins: Mapping[str, str]
) -> ConfigError:
    """The findings of ``error`` on ``data`` as one error.

    Args:
        error: what validation raised.
        data: the value that was validated.
        source: the file, shown first.
        origins: dotted keys that came from elsewhere, such as a variable, to be shown instead.
    """
    findings: dict[str, list[str]] = {}
    hints: list[str] = []
    details = error.errors()
    for detail in sorted(details, key=lambda d: d["type"] != "extra_forbidden"):
        if detail["type"] == "too_short" and any(_inside(other, detail) for other in details):
            continue  # the list only became short because an item in it is wrong
        path = _path(detail, data)
        key = dotted(path)
        findings.setdefault(f"{key} ({origins[key]})" if key in origins else key, []).append(
            _what(detail)
        )
        if detail["type"] == "extra_forbidden" and len(hints) < _SHOWN:
            hints.append(suggestion(path))
    lines = [f"{key} {' or '.join(dict.fromkeys(what))}".strip() for key, what in findings.items()]
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    hint = " ".join(dict.fromkeys(h for h in hints if h))
    return ConfigError(
        f"{clean_line(source)}: {'; '.join(lines[:_SHOWN])}{more}",
        hint=hint or "evogit config schema lists every key; docs/configuration.md explains them",
    )


def _inside(other: ErrorDetails, outer: ErrorDetails) -> bool:
    depth = len(outer["loc"])
    return len(other["loc"]) > depth and other["loc"][:depth] == outer["loc"]


def _path(detail: ErrorDetails, data: object) -> tuple[str | int, ...]:
    # Between real keys pydantic puts labels of union members and validators; those are left out.
    path: list[str | int] = []
    value = data
    for part in detail["loc"]:
        if isinstance(value, dict) and part in value:
            value = cast("dict[object, object]", value)[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):  # pyright: ignore[reportUnknownArgumentType]
            value = cast("list[object]", value)[part]
        elif detail["type"] != "missing":
            continue
        path.append(part)
    return tuple(path)


def _what(detail: ErrorDetails) -> str:
    if detail["type"] in _PLAIN:
        return _PLAIN[detail["type"]]
    message = detail["msg"].removeprefix("Value error, ").replace(" after validation", "")
    message = _SUBJECT.sub("should", message)
    if detail["type"] in _TYPES:
        message = f"should be {_TYPES[detail['type']]}"
    got: object = detail["input"]
    if isinstance(got, str | bool | float) or (isinstance(got, int) and abs(got) < 2**63):
        shown = clean_line(repr(got[:80] if isinstance(got, str) else got), 60)
        return message if shown in message else f"{clean_line(message)}, not {shown}"
    return clean_line(message)
