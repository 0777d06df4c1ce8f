"""What Textual itself draws with more than ASCII, in ASCII."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.scrollbar import ScrollBar, ScrollBarRender

KEYS: Final = {
    "⏎": "enter",
    "␣": "space",
    "⇥": "tab",
    "⌫": "backspace",
    "⎋": "esc",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}
"""Signs for keys, in words."""


class PlainBar(ScrollBarRender):
    """A scroll bar that ends on whole lines: it is seen by its background alone."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def draw_scroll_bars(*, ascii_only: bool) -> None:
    """Choose how all scroll bars of this process are drawn."""
    ScrollBar.renderer = PlainBar if ascii_only else ScrollBarRender


def plain_key(display: str) -> str:
    """How a key is called in ASCII."""
    for sign, word in KEYS.items():
        display = display.replace(sign, word)
    return display if display.isascii() else display.encode("ascii", "replace").decode()
