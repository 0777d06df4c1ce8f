"""A problem of one's own, complete and tiny, to be changed part by part."""

from __future__ import annotations

import re
from importlib.resources import files as package_files
from typing import Final

from evogit.errors import ConfigError
from evogit.importing.layout import below
from evogit.text import clean_line

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def scaffold(name: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of a new problem: those of its first individual, and those beside it, by path.

    Raises:
        ConfigError: the name is not made of small letters, digits, ``-`` and ``_``.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{clean_line(name, 80)!r} can not name a problem",
            hint="take small letters, digits, - and _",
        )
    made = dict(below(package_files("evogit.importing") / "own"))
    made["README.md"] = made["README.md"].replace(b"# NAME", f"# {name}".encode())
    seed = {
        path.removeprefix("seed/"): made.pop(path) for path in [*made] if path.startswith("seed/")
    }
    return seed, made
