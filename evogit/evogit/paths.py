"""Which files, and which lines of a file, offspring may change.

Patterns are those of ``.gitignore`` as people know them; the matcher walks folder by folder, so its
time is bounded by pattern length times path length whatever a hostile path looks like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Final

_MARKER: Final = re.compile(r"\s*[^\w\s]\W*EVOLVE-BLOCK-(START|END)\b")
"""A comment in any language: the line starts with punctuation, then the marker."""

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
"""What Python and git agree to be a line's end; ``str.splitlines`` knows a dozen more."""


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether the last of ``patterns`` that applies to ``path`` includes it.

    ``*``, ``?`` and ``[...]`` stay within a name, ``**`` crosses folders. A pattern without an inner
    slash applies at any depth, others from the root; one that names a folder covers all below it,
    and one that ends in a slash covers only what is below. A leading ``!`` excludes again. Case
    matters. A literal ``*``, ``?`` or ``[`` is written in brackets, as ``[*]``; a name that begins with
    ``!`` as ``/!name``.

    Args:
        path: relative, with ``/`` between folders, as in a git tree.
        patterns: in order; none matches nothing.
    """
    names = tuple(path.split("/"))
    for pattern in reversed(patterns):
        include = not pattern.startswith("!")
        if _applies(_compiled(pattern if include else pattern[1:]), names):
            return include
    return False


def editable_ranges(text: str) -> list[tuple[int, int]] | None:
    """Lines between ``EVOLVE-BLOCK-START`` and ``EVOLVE-BLOCK-END`` comments, 1-based and inclusive.

    ``None`` if ``text`` holds no marker: all of it may change. A start without an end opens nothing,
    a second start inside a block and an end outside one mean nothing, an empty block has no range.
    """
    marked = "EVOLVE-BLOCK-" in text
    found = list(_markers(text)) if marked else []
    if not found:
        return None
    ranges: list[tuple[int, int]] = []
    start: int | None = None
    for number, what in found:
        if what == "START" and start is None:
            start = number + 1
        elif what == "END" and start is not None:
            if start < number:
                ranges.append((start, number - 1))
            start = None
    return ranges


def outside_unchanged(old: str, new: str) -> bool:
    """Whether ``new`` differs from ``old`` only between ``old``'s markers, if it has any."""
    return editable_ranges(old) is None or _outside(old) == _outside(new)


def _outside(text: str) -> list[str]:
    """What may not change, byte for byte: the stretches before, between and after the ranges.

    An empty block counts as a place between two stretches, so that it can be filled and emptied.
    """
    lines = [m.end() for m in _NEWLINE.finditer(text)]
    ends = [0, *lines, len(text)]
    stretches: list[str] = []
    begin = 0
    start: int | None = None
    for number, what in _markers(text):
        if what == "START" and start is None:
            start = ends[number]
        elif what == "END" and start is not None:
            stretches.append(text[begin:start])
            begin, start = ends[number - 1], None
    return [*stretches, text[begin:]]


def _markers(text: str) -> list[tuple[int, str]]:
    found = ((i, _MARKER.match(line)) for i, line in enumerate(_NEWLINE.split(text), 1))
    return [(number, match[1]) for number, match in found if match is not None]


_Pattern = tuple[tuple[re.Pattern[str] | None, ...], bool]
"""One expression per name, ``None`` for ``**``; and whether only what lies below is covered."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> _Pattern:
    below = pattern.endswith("/")
    names = [name for name in pattern.split("/") if name]
    if names and "/" not in pattern.rstrip("/"):
        names.insert(0, "**")
    return tuple(None if n == "**" else re.compile(translate(n)) for n in names), below


def _applies(pattern: _Pattern, names: tuple[str, ...]) -> bool:
    parts, below = pattern
    if not parts:
        return False
    states = _closure({0}, parts)
    for depth, name in enumerate(names, 1):
        states = _closure(set(_advance(states, parts, name)), parts)
        last = depth == len(names)
        if len(parts) in states and not (below and last):
            # A final ``**`` asks for something below: what reached it with no name left over.
            return True
    return False


def _advance(states: set[int], parts: tuple[re.Pattern[str] | None, ...], name: str) -> list[int]:
    after: list[int] = []
    for state in states:
        part = parts[state] if state < len(parts) else None
        if state == len(parts):
            continue
        if part is None:
            after.append(state + 1 if state == len(parts) - 1 else state)
        elif part.match(name):
            after.append(state + 1)
    return after


def _closure(states: set[int], parts: tuple[re.Pattern[str] | None, ...]) -> set[int]:
    """A ``**`` that is not the last part may also stand for no folder at all."""
    closed = set(states)
    for state in range(len(parts) - 1):
        if state in closed and parts[state] is None:
            closed.add(state + 1)
    return closed
