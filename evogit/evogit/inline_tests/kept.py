"""What holds for tests inside source files, by the file's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from evogit.inline_tests import python, rust
from evogit.inline_tests.found import Found

_READERS: Final[Mapping[str, Callable[[str], Found | None]]] = {
    ".rs": rust.read,
    ".py": python.read,
}


def may_hold_tests(path: str) -> bool:
    """Whether files of this name are read for tests."""
    return _suffix(path) in _READERS


def inline_tests(path: str, text: str) -> Found | None:
    """The tests inside a file, named by its path or its suffix; ``None`` if it can not be read."""
    return _read(_suffix(path), text)


def keeps_tests(path: str, old: str, new: str) -> bool:
    """Whether ``new`` holds the tests of ``old`` unchanged, and none that could replace them.

    What can not be read is taken to be changed. A file that is not there is the empty text.
    """
    if old == new:
        return True
    before, after = inline_tests(path, old), inline_tests(path, new)
    return before is not None and after is not None and before.stay_in(after)


@lru_cache(maxsize=32)  # the base's files are asked for again and again, an offspring's twice
def _read(suffix: str, text: str) -> Found | None:
    reader = _READERS.get(suffix)
    return Found() if reader is None else reader(text)


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""
