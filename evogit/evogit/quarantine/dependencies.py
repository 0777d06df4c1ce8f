"""What a project says it depends on, read from the files that say so; nothing is resolved or fetched."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final, cast

from evogit.text import clean_line

_NAME: Final = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_GO: Final = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\d", re.MULTILINE)
_NPM: Final = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_CARGO: Final = ("dependencies", "dev-dependencies", "build-dependencies")
_MOST: Final = 2000


def declared(path: str, data: bytes | None) -> frozenset[str]:
    """Names that a file declares as dependencies; empty for files that declare none or are odd."""
    name = PurePosixPath(path).name
    text = (data or b"").decode("utf-8", "replace")
    try:
        if re.fullmatch(r"requirements[\w.-]*\.(?:txt|in)", name):
            return _names(line.partition("#")[0] for line in text.splitlines())
        if name == "pyproject.toml":
            return _pyproject(tomllib.loads(text))
        if name == "Cargo.toml":
            return _keys(tomllib.loads(text), _CARGO)
        if name == "package.json" and text.strip():
            return _keys(_table(json.loads(text)), _NPM)
        if name == "go.mod":
            return frozenset(clean_line(match[1], 100) for match in _GO.finditer(text))
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset()


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _names(lines: Iterable[object]) -> frozenset[str]:
    found = (_NAME.match(line) for line in lines if isinstance(line, str))
    names = (re.sub(r"[-_.]+", "-", match[1]).lower() for match in found if match)
    return frozenset(clean_line(name, 100) for name, _ in zip(names, range(_MOST), strict=False))


def _keys(data: Mapping[str, object], sections: Iterable[str]) -> frozenset[str]:
    return frozenset(clean_line(key, 100) for s in sections for key in _table(data.get(s)))


def _pyproject(data: Mapping[str, object]) -> frozenset[str]:
    project = _table(data.get("project"))
    groups = [*_table(project.get("optional-dependencies")).values()]
    groups += _table(data.get("dependency-groups")).values()
    poetry = _table(_table(data.get("tool")).get("poetry"))
    lists = [_list(project.get("dependencies")), *(_list(group) for group in groups)]
    return _names(line for one in lists for line in one) | _keys(
        poetry, ("dependencies", "dev-dependencies")
    )
