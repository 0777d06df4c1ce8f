"""Which words of a changed line changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

_WORD: Final = re.compile(r"\w+|\s+|.", re.DOTALL)
_MAX_LINE: Final = 400
_MAX_PAIRS: Final = 400
_MUCH_ALIKE: Final = 0.6
_ALIKE: Final = 0.4
"""Lines that share less are a replacement; marking all of their words would mark nothing."""

Stretch = tuple[int, int]


def changed_words(old: str, new: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Stretches of two lines that differ, as (start, end) in characters; both empty if unlike."""
    if max(len(old), len(new)) > _MAX_LINE:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.real_quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return (), ()
    removed: list[Stretch] = []
    added: list[Stretch] = []
    starts = _starts(before), _starts(after)
    for what, a, b, c, d in matcher.get_opcodes():
        if what != "equal":
            removed.append((starts[0][a], starts[0][b]))
            added.append((starts[1][c], starts[1][d]))
    return _joined(removed), _joined(added)


def partners(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Which of the lines removed became which of those added, as numbers in order.

    As many of both stand for each other; else each takes the next that is much like it.
    """
    if len(old) == len(new):
        return [(at, at) for at in range(len(old))]
    if len(old) * len(new) > _MAX_PAIRS:
        return []
    found: list[tuple[int, int]] = []
    free = 0
    for place, line in enumerate(old):
        for other in range(free, len(new)):
            if _alike(line, new[other]):
                found.append((place, other))
                free = other + 1
                break
    return found


def _alike(old: str, new: str) -> bool:
    if max(len(old), len(new)) > _MAX_LINE:
        return False
    matcher = SequenceMatcher(None, _WORD.findall(old), _WORD.findall(new), autojunk=False)
    return matcher.real_quick_ratio() >= _MUCH_ALIKE and matcher.ratio() >= _MUCH_ALIKE


def _starts(words: list[str]) -> list[int]:
    found = [0]
    for word in words:
        found.append(found[-1] + len(word))
    return found


def _joined(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for start, end in stretches:
        if start == end:
            continue
        if found and start - found[-1][1] <= 1:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)
