"""Which keys an action has, built in or as the user wants them, and whether two are in each other's way."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

from textual.keys import (
    ASCII_KEY_NAMES,
    KEY_DISPLAY_ALIASES,
    KEY_NAME_REPLACEMENTS,
    Keys,
    format_key,
)

from evogit_tui.actions.base import Action
from evogit_tui.actions.registry import ACTIONS
from evogit_tui.views.names import VIEWS

_MODIFIERS: Final = frozenset({"ctrl", "alt", "shift", "super", "hyper", "meta"})
_NAMES: Final = frozenset(key.value for key in Keys if not key.value.startswith("<"))


@dataclass(frozen=True, slots=True)
class Clash:
    """Two actions that have the same key in the same view."""

    key: str
    view: str
    actions: tuple[str, str]


def keys_of(action: Action, changed: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action by Textual's names; ``changed`` is the user's ``[keys]``."""
    keys = (full_name(key) for key in changed.get(action.name, action.keys).split(","))
    return tuple(key for key in keys if key)


def full_name(key: str) -> str:
    """Textual's name of a key: ``question_mark`` for ``?``; a name stays as it is."""
    key = key.strip()
    modifiers, _, last = key.rpartition("+")
    if len(last) == 1 and not last.isalnum():
        name = unicodedata.name(last, "").lower().replace("-", "_").replace(" ", "_")
        last = KEY_NAME_REPLACEMENTS.get(name, name or ASCII_KEY_NAMES.get(last, last))
    return f"{modifiers}+{last}" if modifiers else last


def is_key(key: str) -> bool:
    """Whether a full name is that of a key some keyboard has."""
    if key in _NAMES:
        return True
    *modifiers, last = key.split("+")
    if not set(modifiers) <= _MODIFIERS:
        return False
    if len(last) == 1:
        return last.isprintable() and not last.isspace()
    return last in _NAMES or last in _characters()


@cache
def _characters() -> frozenset[str]:
    """Names of the characters on Western keyboards; others are written as themselves."""
    return frozenset(full_name(chr(code)) for code in range(ord("!"), 0x250))


def shown(key: str, *, ascii_only: bool = False) -> str:
    """How a key is written for people."""
    if ascii_only and key in KEY_DISPLAY_ALIASES:
        return key
    return format_key(key)


def clashes(changed: Mapping[str, str]) -> list[Clash]:
    """Keys that two actions have in one view.

    An action of some views goes before one of all, which then needs another key there. Actions that
    step back for another with the same key say so by ``unless``.
    """
    found: list[Clash] = []
    for view in VIEWS:
        here = [action for action in ACTIONS.values() if not action.views or view in action.views]
        keys = {action.name: set(keys_of(action, changed)) for action in here}
        for one, other in combinations(here, 2):
            shared = keys[one.name] & keys[other.name]
            if shared and one.name != other.unless and other.name != one.unless:
                found += _in_the_way(one, other, view, shared, keys)
    return found


def _in_the_way(
    one: Action, other: Action, view: str, shared: set[str], keys: Mapping[str, set[str]]
) -> list[Clash]:
    if bool(one.views) != bool(other.views):
        general = other if one.views else one
        if keys[general.name] - shared:
            return []
    return [Clash(key, view, (one.name, other.name)) for key in sorted(shared)]
