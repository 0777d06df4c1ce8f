"""Fills the placeholders of a record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from evogit_agents.command.record import slots

FILES: Final = "{files}"
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """``text`` with its placeholders filled, or ``None`` if one of them has no value.

    What is filled in is not looked at again, so that a prompt may hold braces.
    """
    if any(name not in values for name in slots(text)):
        return None
    return _SLOT.sub(lambda match: values[match[1]], text)


def arguments(
    argv: Sequence[str | Sequence[str]], values: Mapping[str, str], files: Sequence[str]
) -> list[str]:
    """What follows the program: each entry filled, whole, or left out."""
    found: list[str] = []
    for entry in argv:
        if entry == FILES:
            found += files
            continue
        filled = [fill(word, values) for word in ([entry] if isinstance(entry, str) else entry)]
        whole = [word for word in filled if word is not None]
        found += whole if len(whole) == len(filled) else []
    return found


def variables(wanted: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The variables whose placeholders all have a value."""
    filled = {name: fill(text, values) for name, text in wanted.items()}
    return {name: value for name, value in filled.items() if value is not None}
