"""What docs/json.md says about fields, to be held against what commands print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, cast

PAGE: Final = Path(__file__).parents[3] / "docs" / "json.md"
_SHAPES: Final = {"#an-individual": "An individual", "#an-outcome": "An outcome"}
_EMPTY: Final[tuple[Any, ...]] = (None, [], {})


def sections() -> dict[str, list[tuple[str, str]]]:
    """(fields, meaning) of every row of a table, by heading."""
    found: dict[str, list[tuple[str, str]]] = {}
    heading = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:].strip("`")
            found[heading] = []
        elif line.startswith("| `"):
            fields, meaning = line.strip("| ").split(" | ", 1)
            found[heading].append((fields, meaning))
    return found


def documented(heading: str, prefix: str = "") -> set[str]:
    """Every path a section names, with the shapes it refers to; ``?`` stays at its end."""
    found: set[str] = set()
    for fields, meaning in sections()[heading]:
        shape = next((name for anchor, name in _SHAPES.items() if f"({anchor})" in meaning), None)
        for field in re.findall(r"`([^`]+)`", fields):
            path = prefix if field == "." else f"{prefix}.{field}" if prefix else field
            if field != ".":
                found.add(path)
                found |= {path[: inner.end() - 1] for inner in re.finditer(r"\[\]\.", path)}
            if shape is not None and (field == "." or field.endswith("[]") or "[]" not in fields):
                found |= documented(shape, path)
    return found


def printed(data: object, prefix: str = "") -> dict[str, bool]:
    """Every path of an object, and whether there is something below it or in its place."""
    found: dict[str, bool] = {}
    for path, value in _parts(data, prefix):
        found[path] = found.get(path, False) or value not in _EMPTY
        for inner, full in printed(value, path).items():
            found[inner] = found.get(inner, False) or full
    return found


def _parts(data: object, prefix: str) -> list[tuple[str, object]]:
    if isinstance(data, dict):
        fields = cast("dict[str, object]", data)
        return [(f"{prefix}.{key}" if prefix else key, value) for key, value in fields.items()]
    items = cast("list[object]", data) if isinstance(data, list) else []
    return [(f"{prefix}[]", value) for value in items]


def differences(heading: str, objects: Iterable[Any]) -> list[str]:
    """What is printed and not on the page, or on the page and not printed; empty if they agree."""
    shown: dict[str, bool] = {}
    for data in objects:
        for path, full in printed(data).items():
            shown[path] = shown.get(path, False) or full
    shown.pop("schema", None)
    wanted = documented(heading)
    patterns = {path: _pattern(path.removesuffix("?")) for path in wanted}
    extra = [
        f"printed, not on the page: {path}"
        for path in shown
        if not any(pattern.fullmatch(path) for pattern in patterns.values())
    ]
    absent = [
        f"on the page, not printed: {path}"
        for path in wanted
        if not path.endswith("?")
        and not any(patterns[path].fullmatch(one) for one in shown)
        and not _below_nothing(path, shown)
    ]
    return sorted(extra + absent)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", "[^.]+"))


def _below_nothing(path: str, shown: dict[str, bool]) -> bool:
    """Whether a path lies in something that was null, empty or only sometimes there."""
    ends = [match.start() for match in re.finditer(r"\.|\[\]|\?", path)]
    above = [_pattern(path[:end]) for end in ends]
    known = [one for pattern in above for one in shown if pattern.fullmatch(one)]
    return "?" in path or any(not shown[one] for one in known)
