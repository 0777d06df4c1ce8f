"""Changes one key of a configuration file; comments and order stay (tomlkit's work)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evogit.config.keys import dotted, interpret, kinds_at, parse_path, suggestion
from evogit.config.load import read_file, read_toml, section, validated
from evogit.config.model import Settings
from evogit.errors import ConfigError, NotFoundError
from evogit.files import PRIVATE, replacing
from evogit.text import clean_line

_Path = tuple[str | int, ...]


def set_value(path: Path, dotted_key: str, value: object) -> Settings:
    """Set one key in a file. Atomic; a wrong value changes nothing.

    Args:
        path: the file; of a ``pyproject.toml`` the ``[tool.evogit]`` table is meant.
        dotted_key: such as ``budget.evaluations`` or ``evaluate.stages[0].repeats``.
        value: text is read as the key's type wants it (``10m``, ``["a", "b"]``); anything else as is.

    Returns:
        The settings as they are now in the file.

    Raises:
        ConfigError: the file can not be read, there is no such key, or the value is not allowed.
    """
    keys = parse_path(dotted_key)
    interpreted = interpret(keys, value if isinstance(value, str) else "")
    wanted = interpreted if isinstance(value, str) else value
    return _changed(path, keys, lambda document, where: _assign(document, where, wanted))


def unset_value(path: Path, dotted_key: str) -> Settings:
    """Take one key, or a whole table, out of a file, so that its default counts. Atomic.

    Args:
        path: the file; of a ``pyproject.toml`` the ``[tool.evogit]`` table is meant.
        dotted_key: as in ``set_value``.

    Returns:
        The settings as they are now in the file.

    Raises:
        ConfigError: the file can not be read, there is no such key, or it is needed.
        NotFoundError: the file does not say anything of it.
    """
    keys = parse_path(dotted_key)
    if not kinds_at(keys):
        raise ConfigError(f"unknown key {dotted(keys)}", hint=suggestion(keys))
    return _changed(path, keys, lambda document, where: _remove(document, where, path))


def _changed(path: Path, keys: _Path, change: Callable[[Any, _Path], None]) -> Settings:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = path.resolve()
    content = read_file(path)
    read_toml(content, str(path))  # bounded before tomlkit, which is slower, sees it
    prefix = ("tool", "evogit") if path.name == "pyproject.toml" else ()
    try:
        document = tomlkit.parse(content.decode("utf-8-sig"))
        change(document, (*prefix, *keys))
        text = tomlkit.dumps(document)
    except (TOMLKitError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{dotted(keys)} can not be changed in {clean_line(str(path))}: {clean_line(str(error))}",
            hint="edit the file by hand",
        ) from None
    settings = validated(section(read_toml(text, str(path)), path), str(path))
    _replace(path, text.encode())
    return settings


def _assign(container: Any, path: _Path, value: object) -> None:
    import tomlkit

    for part in path[:-1]:
        if isinstance(part, str) and part not in container:
            container[part] = tomlkit.table()
        container = container[part]
    container[path[-1]] = value


def _remove(container: Any, path: _Path, file: Path) -> None:
    try:
        for part in path[:-1]:
            container = container[part]
        del container[path[-1]]
    except (LookupError, TypeError):
        raise NotFoundError(
            f"{clean_line(str(file))} does not say anything of {dotted(path)}",
            hint="evogit config get shows what counts, defaults included",
        ) from None


def _replace(path: Path, content: bytes) -> None:
    with replacing(path, mode=PRIVATE) as stream:
        os.fchmod(stream.fileno(), path.stat().st_mode & 0o777)
        stream.write(content)
