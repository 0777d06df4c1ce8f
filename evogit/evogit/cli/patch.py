"""How a patch is coloured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_STYLES: Final = (("@@", "cyan"), ("+++", "bold"), ("---", "bold"), ("+", "green"), ("-", "red"))


def colored(patch: str) -> Iterator[tuple[str, str]]:
    """The lines of a patch, each with its style."""
    for line in patch.rstrip("\n").split("\n"):
        style = next((style for start, style in _STYLES if line.startswith(start)), "")
        yield line, "bold" if line.startswith("diff --git ") else style
