"""The tree of keys that ``evogit.toml`` may hold, read off the models.

A path is a sequence of names and list positions, such as ``("evaluate", "stages", 0, "run")``;
people write it ``evaluate.stages[0].run``.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Union, cast, get_args, get_origin

from evogit.config.model import Settings
from evogit.config.values import Model
from evogit.errors import ConfigError
from evogit.text import clean_line

KeyPath = tuple[str | int, ...]

_PART: Final = re.compile(r"([A-Za-z0-9_-]+)|\[(\d{1,6})\]")


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it; names from outside are made harmless."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{clean_line(part, 80)}"
    return text.removeprefix(".")


def parse_path(text: str) -> KeyPath:
    """The path that ``text`` names, such as ``evaluate.stages[0].repeats`` or ``….stages.0.repeats``.

    Raises:
        ConfigError: ``text`` is no path.
    """
    path: list[str | int] = []
    for piece in text.split("."):
        matches = list(_PART.finditer(piece))
        if not matches or "".join(m[0] for m in matches) != piece:
            raise ConfigError(
                f"{clean_line(text, 80)!r} is no key", hint="write it like budget.evaluations"
            )
        path += [int(m[2]) if m[2] else m[1] for m in matches]
    return tuple(int(p) if isinstance(p, str) and p.isdecimal() else p for p in path)


def all_keys(model: type[Model] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key in the order of the models, tables before what is in them; ``[]`` marks a list."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for kind in _kinds(field.annotation):
            inner = _items(kind)
            if isinstance(kind, type) and issubclass(kind, Model):
                yield from all_keys(kind, f"{prefix}{name}.")
            elif isinstance(inner, type) and issubclass(inner, Model):
                yield from all_keys(inner, f"{prefix}{name}[].")


def names_at(path: Sequence[str | int]) -> tuple[str, ...]:
    """The keys of the table at ``path``; empty if it is no table or a free one."""
    for kind in kinds_at(path):
        if isinstance(kind, type) and issubclass(kind, Model):
            return tuple(kind.model_fields)
    return ()


def kinds_at(path: Sequence[str | int]) -> tuple[object, ...]:
    """The types that the value at ``path`` may have; empty if there is no such key."""
    kinds: tuple[object, ...] = (Settings,)
    for part in path:
        kinds = tuple(found for kind in kinds for found in _step(kind, part))
    return kinds


def suggestion(path: Sequence[str | int]) -> str:
    """``did you mean …?`` for a key that does not exist, or an empty string."""
    key = str(path[-1]).lower()
    elsewhere = {full.rpartition(".")[2]: full for full in reversed(list(all_keys()))}
    if key in elsewhere and key not in names_at(path[:-1]):
        return f"did you mean {elsewhere[key]}?"
    near = difflib.get_close_matches(key, names_at(path[:-1]), n=1)
    if near:
        return f"did you mean {dotted((*path[:-1], near[0]))}?"
    near = difflib.get_close_matches(key, elsewhere, n=1, cutoff=0.8)
    return f"did you mean {elsewhere[near[0]]}?" if near else ""


def interpret(path: Sequence[str | int], text: str) -> object:
    """``text`` as the value of the key at ``path``: itself where text is wanted, else TOML.

    What is no TOML value stays text, so that ``10m`` and ``random`` need no quotes.

    Raises:
        ConfigError: there is no key at ``path``.
    """
    kinds = kinds_at(path)
    if not kinds:
        raise ConfigError(f"unknown key {dotted(path)}", hint=suggestion(path))
    if str in kinds and not {int, float, bool} & set(kinds):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"] if len(text) < 10_000 else text
    except (ValueError, RecursionError):
        return text


def _step(kind: object, part: str | int) -> tuple[object, ...]:
    if isinstance(kind, type) and issubclass(kind, Model):
        field = kind.model_fields.get(part) if isinstance(part, str) else None
        return () if field is None else tuple(_kinds(field.annotation))
    arguments = get_args(kind)
    if get_origin(kind) is tuple and isinstance(part, int):
        return tuple(_kinds(arguments[0]))
    if get_origin(kind) is dict and isinstance(part, str):
        return tuple(_kinds(arguments[1]))
    return ()


def _kinds(annotation: object) -> Iterator[object]:
    """The alternatives of a type without ``Annotated`` and ``None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in _UNIONS:
        for member in cast("tuple[object, ...]", get_args(annotation)):
            yield from _kinds(member)
    elif annotation is not type(None):
        yield annotation


def _items(kind: object) -> object:
    arguments = get_args(kind)
    return arguments[0] if get_origin(kind) is tuple and arguments else None


_UNIONS: Final = (Union, type(int | str))
