"""The user's ``tui.toml``: read strictly, so that a typing mistake is said and not ignored."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from evogit.errors import ConfigError
from evogit.text import clean_line
from evogit_tui.actions.keys import clashes, full_name, is_key
from evogit_tui.actions.registry import ACTIONS
from evogit_tui.options import Options
from evogit_tui.themes import DARK, LIGHT

NAME: Final = "tui.toml"
_MAX_BYTES: Final = 256 * 1024
_HELP: Final[dict[str, str]] = {
    "theme": "Colours; evogit-dark, evogit-light, ansi-dark or any theme of Textual.",
    "ascii": "Draw with ASCII characters only.",
    "bell": "Ring the terminal's bell when a banner appears.",
    "hook": "A command, one string per argument, that gets each banner as JSON on standard input.",
    "interval": "Seconds between looks at the repository while something happens.",
    "sync": "Seconds between exchanges with the remote; 0 for never.",
}


def read(path: Path) -> Options:
    """What the file says; the defaults if there is none.

    Raises:
        ConfigError: it is no TOML, or has an unknown setting, action, key or theme, or a value of
            the wrong kind, or gives two actions of one view the same key.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Options()
    except OSError as error:
        raise ConfigError(f"{path} can not be read: {error.strerror}") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{path} is larger than {_MAX_BYTES} bytes")
    try:
        found = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {clean_line(str(error))}") from error
    try:
        return parse(found)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error


def parse(data: Mapping[str, object]) -> Options:
    """The settings in a parsed file; raises as ``read`` does."""
    for name in data:
        if name not in _READERS and name != "keys":
            raise _unknown("setting", name, [*_READERS, "keys"])
    values = {name: _READERS[name](name, data[name]) for name in data if name != "keys"}
    return Options(**values, keys=_keys(data.get("keys", {})))  # type: ignore[arg-type]


def dump(options: Options) -> str:
    """The settings as a file that ``read`` takes, with every action and what it does."""
    lines = [f"# {NAME}: settings of evogit tui, in the folder evogit of $XDG_CONFIG_HOME.", ""]
    for name, help_ in _HELP.items():
        value: object = getattr(options, name)
        value = list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
        lines += [f"# {help_}", f"{name} = {json.dumps(value, ensure_ascii=False)}"]
    lines += ["", "# Keys, comma separated; an empty text takes an action's keys away.", "[keys]"]
    for action in ACTIONS.values():
        keys = json.dumps(options.keys.get(action.name, action.keys), ensure_ascii=False)
        lines.append(f"{action.name} = {keys}  # {action.help}")
    return "\n".join(lines) + "\n"


def theme(value: str) -> str:
    """``value`` if there is such a theme.

    Raises:
        ConfigError: there is none.
    """
    from textual.theme import BUILTIN_THEMES

    known = [DARK.name, LIGHT.name, *BUILTIN_THEMES]
    if value not in known:
        raise _unknown("theme", value, known)
    return value


# ---------------------------------------------------------------------- values


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is to be true or false")
    return value


def _theme(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{name} is to be a text")
    return theme(value)


def _command(name: str, value: object) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) != len(items) or (texts and not texts[0]):
        raise ConfigError(
            f"{name} is to be a list of texts", hint='such as ["notify-send", "evogit"]'
        )
    return tuple(texts)


def _seconds(low: float, *, or_zero: bool) -> Callable[[str, object], float]:
    def read_seconds(name: str, value: object) -> float:
        number = float(value) if type(value) in (int, float) else -1.0  # type: ignore[arg-type]
        if not (low <= number <= 3600 or (or_zero and number == 0)):
            more = " or 0" if or_zero else ""
            raise ConfigError(f"{name} is to be a number of seconds from {low:g} to 3600{more}")
        return number

    return read_seconds


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "theme": _theme,
    "ascii": _truth,
    "bell": _truth,
    "hook": _command,
    "interval": _seconds(0.1, or_zero=False),
    "sync": _seconds(1.0, or_zero=True),
}


def _keys(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError("keys is to be a table", hint='[keys] and lines such as prune = "d"')
    found: dict[str, str] = {}
    for name, keys in cast("dict[str, object]", value).items():
        if name not in ACTIONS:
            raise _unknown("action", name, list(ACTIONS))
        if not isinstance(keys, str):
            raise ConfigError(f"the keys of {name} are to be a text", hint=f'{name} = "d,delete"')
        found[name] = ",".join(_key(name, key) for key in keys.split(",") if key.strip())
    for clash in clashes(found):
        first, second = clash.actions
        raise ConfigError(
            f"key {clash.key!r} is for both {first} and {second} in the {clash.view} view",
            hint="give one of them another key",
        )
    return found


def _key(action: str, key: str) -> str:
    name = full_name(key)
    if not is_key(name):
        raise ConfigError(
            f"{clean_line(key, 40)!r} for {action} is no key",
            hint="such as d, D, ?, ctrl+d, alt+j, f5, pageup, escape",
        )
    return name


def _unknown(what: str, name: str, known: list[str]) -> ConfigError:
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "evogit tui --print-config shows all"
    return ConfigError(f"there is no {what} {clean_line(name, 60)!r}", hint=hint)
