"""Source text as a reviewer must see it: nothing in it is obeyed, and nothing in it hides.

``evogit.text.clean`` drops what a terminal would obey. In a review that would hide a difference, so
such characters are spelled out here first.
"""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len

from evogit.text import clean

TAB: Final = 4
MAX_LINE: Final = 1000
"""Characters of one line that are shown."""

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
"""Control, format and filler characters: no glyph of their own, or an order to the terminal."""


def visible(text: str, column: int = 0) -> str:
    """``text`` without line feeds, tabs as blanks, and every hidden character spelled out.

    Args:
        text: part of a line.
        column: the cell it starts in, for tabs.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _HIDDEN.sub(_spell, text)
    if "\t" not in text:
        return clean(text)
    parts: list[str] = []
    for part in text.split("\t"):
        if parts:
            parts.append(" " * (TAB - column % TAB))
            column += TAB - column % TAB
        parts.append(part)
        column += cell_len(part)
    return clean("".join(parts))


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return f"^{chr(code + 0x40)}"
    return f"<U+{code:04X}>"
