"""What fits into a prompt: the most useful first, cut at line ends with a mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_LEAST: Final = 24
"""Tokens of a piece below which it is left out instead of cut."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something a prompt may hold.

    Args:
        name: what the template calls it.
        text: all of it.
        most: tokens it may take, at most.
        tail: keep its end instead of its beginning, as of an error message.
    """

    name: str
    text: str
    most: int
    tail: bool = False


def pack(pieces: Sequence[Piece], room: int, count: Callable[[str], int]) -> dict[str, str]:
    """The texts by name: pieces in order of priority until ``room`` is used up; else empty.

    Args:
        pieces: the most useful first.
        room: tokens for all of them.
        count: tokens of a text, an upper estimate.
    """
    found: dict[str, str] = {}
    for piece in pieces:
        text = cut(piece.text, min(piece.most, room), count, tail=piece.tail)
        found[piece.name] = text
        room -= count(text) if text else 0
    return found


def cut(text: str, room: int, count: Callable[[str], int], *, tail: bool = False) -> str:
    """``text`` if it has at most ``room`` tokens, else whole lines of it and a mark, or nothing."""
    if not text or count(text) <= room:
        return text
    if room < _LEAST:
        return ""
    lines = text.split("\n")
    low, high = 0, len(lines) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count(_kept(lines, middle, tail=tail)) <= room:
            low = middle
        else:
            high = middle - 1
    return _kept(lines, low, tail=tail) if low else ""


def _kept(lines: list[str], number: int, *, tail: bool) -> str:
    mark = f"[{len(lines) - number} lines left out]"
    kept = lines[len(lines) - number :] if tail else lines[:number]
    return "\n".join([mark, *kept] if tail else [*kept, mark])
