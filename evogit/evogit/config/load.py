"""Finds, reads and checks ``evogit.toml``.

Reading is tomllib's, bounded, because a repository may be hostile. Nothing here reads the
environment: the command line passes it in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from evogit.config.explain import explain
from evogit.config.keys import dotted, interpret
from evogit.config.model import Settings
from evogit.errors import ConfigError
from evogit.text import clean_line

NAMES: Final = ("evogit.toml", ".evogit.toml", "pyproject.toml")
MAX_FILE: Final = 256 * 1024
MAX_BYTES: Final = 4 * MAX_FILE
"""Larger text is refused. More than for a file, because ``dump`` writes defaults out too."""

MAX_DEPTH: Final = 32
PREFIX: Final = "EVOGIT_"

Table = dict[str, Any]

_WORD: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY: Final = re.compile(rf"(?<![\w-]){_WORD}(?:[ \t]*+\.[ \t]*+{_WORD}){{{MAX_DEPTH}}}")
"""A dotted key this long costs tomllib memory quadratic in its length: 64 KiB of it, gigabytes."""

_NOTHING: Final[Mapping[str, str]] = {}


def find(start: Path, stop: Path | None = None) -> Path | None:
    """The nearest configuration from ``start`` up to ``stop`` (the git root), both included.

    In one folder ``evogit.toml`` goes before ``.evogit.toml`` before a ``pyproject.toml`` that has a
    ``[tool.evogit]`` table.
    """
    for folder in _folders(start, stop):
        for name in NAMES:
            path = folder / name
            if path.is_file() and (name != "pyproject.toml" or _has_table(path)):
                return path
    return None


def require(start: Path, stop: Path | None = None) -> Path:
    """Like ``find``.

    Raises:
        ConfigError: there is none; says where it was looked for.
    """
    found = find(start, stop)
    if found is None:
        folders = _folders(start, stop)
        where = str(folders[0]) if len(folders) == 1 else f"{folders[0]} up to {folders[-1]}"
        raise ConfigError(
            f"no evogit.toml, .evogit.toml or [tool.evogit] in pyproject.toml in {clean_line(where)}",
            hint="evogit init writes one",
        )
    return found


def load(
    path: Path, *, environ: Mapping[str, str] = _NOTHING, fallback: Path | None = None
) -> Settings:
    """The settings in ``path``.

    Args:
        path: a configuration file; of a ``pyproject.toml`` its ``[tool.evogit]`` table.
        environ: variables; each ``EVOGIT_<SECTION>__<KEY>`` overrides a key of the file.
        fallback: the user's own file, whose keys count where ``path`` has none; may be missing.

    Raises:
        ConfigError: a file is missing, too large, no TOML, or says something that is not allowed.
    """
    own = _table_of(path)
    changes, origins = overrides(environ)
    if fallback is not None and fallback.is_file():
        defaults = _table_of(fallback)
        theirs = set(_paths(defaults)) - set(_paths(own))
        origins = {dotted(key): clean_line(str(fallback)) for key in theirs} | origins
        own = merge(defaults, own)
    return validated(merge(own, changes), str(path), origins)


def parse(text: str | bytes, source: str = "evogit.toml") -> Settings:
    """The settings in ``text``; ``source`` names it in errors. Inverse of ``dump``.

    Raises:
        ConfigError: ``text`` is too large, no UTF-8, no TOML, or says something not allowed.
    """
    return validated(read_toml(text, source), source)


def read_toml(text: str | bytes, source: str) -> Table:
    """``text`` as a TOML table, with bounded size and depth.

    Raises:
        ConfigError: too large, not UTF-8, not TOML, or nested more than 32 deep.
    """
    name = clean_line(source)
    if len(text) > MAX_BYTES:
        raise ConfigError(f"{name} is larger than {MAX_BYTES // 1024} KiB", hint="make it smaller")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        if _LONG_KEY.search(decoded):
            raise ConfigError(f"{name} holds a key with more than {MAX_DEPTH} parts")
        data = tomllib.loads(decoded)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply") from None
    except ValueError as error:  # UnicodeDecodeError, TOMLDecodeError, an integer too long to read
        what = "UTF-8" if isinstance(error, UnicodeDecodeError) else "TOML"
        detail = clean_line(str(error), 160)
        raise ConfigError(
            f"{name} is not valid {what}: {detail}", hint="correct that place and try again"
        ) from None
    _check_depth(data, name)
    return data


def is_override(variable: str) -> bool:
    """Whether a variable of this name says something of a key: ``EVOGIT_<SECTION>__<KEY>``."""
    return variable.startswith(PREFIX) and "__" in variable.removeprefix(PREFIX)


def overrides(environ: Mapping[str, str]) -> tuple[Table, dict[str, str]]:
    """What ``EVOGIT_<SECTION>__<KEY>`` variables say, and which dotted key came from which variable.

    Sections and keys are in upper case; names within a free table (``variables``, ``options``)
    keep their case. A list is written as TOML: ``EVOGIT_SEARCH__AGENTS='["genetic"]'``.

    Raises:
        ConfigError: a variable names no key.
    """
    changes: Table = {}
    origins: dict[str, str] = {}
    for name in sorted(filter(is_override, environ)):
        parts = name.removeprefix(PREFIX).split("__")
        keys = [part.lower() for part in parts[:2]] + parts[2:]
        if len(keys) > 2 and keys[1] not in {"variables", "options"}:
            keys = [key.lower() for key in keys]
        try:
            value = interpret(keys, environ[name])
        except ConfigError as error:
            raise ConfigError(
                f"variable {clean_line(name)}: {error.message}", hint=error.hint
            ) from None
        changes = merge(changes, _nested(keys, value))
        origins[dotted(keys)] = name
    return changes, origins


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Table:
    """``base`` with the keys of ``over``; tables are merged, anything else (lists too) replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = merge(cast(Table, old), cast(Table, value)) if both else value
    return merged


def schema() -> dict[str, Any]:
    """The JSON Schema of ``evogit.toml``, for editors."""
    found = Settings.model_json_schema()
    _drop_unknown_words(found)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": "evogit.toml",
    }


def dump(settings: Settings) -> str:
    """``settings`` as canonical TOML: every key, in the order of the models; equal ones, equal text.

    ``parse(dump(settings)) == settings``.
    """
    import tomlkit

    data = _plain(settings.model_dump(exclude_none=True))
    for section, key in (("environment", "variables"), ("search", "options")):
        data[section][key] = dict(sorted(data[section][key].items()))
    return tomlkit.dumps(data)


def _folders(start: Path, stop: Path | None) -> list[Path]:
    start = start.absolute()
    folders = [start, *start.parents]
    end = stop.absolute() if stop is not None else None
    return folders[: folders.index(end) + 1] if end in folders else folders


def _has_table(path: Path) -> bool:
    try:
        content = read_file(path)
    except ConfigError:
        return False  # a large pyproject.toml of somebody else's is not our business
    try:
        return "evogit" in read_toml(content, str(path)).get("tool", {})
    except ConfigError:
        return b"tool.evogit" in content  # meant for us; loading it will say what is wrong


def read_file(path: Path) -> bytes:
    """The content of a configuration file.

    Raises:
        ConfigError: there is none, it can not be read, or is larger than 256 KiB.
    """
    shown = clean_line(str(path))
    if not path.is_file():
        raise ConfigError(f"there is no file {shown}", hint="evogit init writes one")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigError(
            f"{shown} can not be read: {error.strerror}", hint="check its permissions"
        ) from None
    if len(content) > MAX_FILE:
        raise ConfigError(f"{shown} is larger than {MAX_FILE // 1024} KiB", hint="make it smaller")
    return content


def _table_of(path: Path) -> Table:
    return section(read_toml(read_file(path), str(path)), path)


def section(data: Table, path: Path) -> Table:
    """What of a file's ``data`` is ours.

    Raises:
        ConfigError: it is a ``pyproject.toml`` without our table.
    """
    if path.name != "pyproject.toml":
        return data
    tool = data.get("tool")
    found = cast(Table, tool).get("evogit") if isinstance(tool, dict) else None
    if not isinstance(found, dict):
        raise ConfigError(
            f"{clean_line(str(path))} has no [tool.evogit] table",
            hint="evogit init writes evogit.toml",
        )
    return cast(Table, found)


def validated(data: Table, source: str, origins: Mapping[str, str] = _NOTHING) -> Settings:
    """The settings that ``data`` says; see ``explain`` for ``source`` and ``origins``.

    Raises:
        ConfigError: something in it is not allowed.
    """
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise explain(error, data, source, origins) from None


def _check_depth(data: Table, name: str) -> None:
    level: list[object] = [data]
    for _ in range(MAX_DEPTH):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise ConfigError(f"{name} is nested more than {MAX_DEPTH} deep", hint="EvoGit needs far less")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast(dict[str, object], value).values())
    return cast(list[object], value) if isinstance(value, list) else []


def _paths(data: Mapping[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in data.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from _paths(cast(Table, value), (*before, key))


def _nested(keys: list[str], value: object) -> Table:
    for key in reversed(keys):
        value = {key: value}
    return cast(Table, value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast(Table, value).items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in cast(tuple[object, ...], value)]
    return value


def _drop_unknown_words(node: object) -> None:
    # pydantic writes its own "gt" and "le" where a validator accepts several types.
    if isinstance(node, dict) and "anyOf" in node:
        for word in ("gt", "le"):
            cast(Table, node).pop(word, None)
    for inner in _inside(cast(object, node)):
        _drop_unknown_words(inner)
