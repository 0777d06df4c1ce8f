"""The one place where text from outside is made harmless before it is shown or stored.

Models, candidates, commits and other hosts write text. A terminal obeys escape sequences in it
(OSC 52 sets the clipboard), readers are fooled by bidirectional overrides, and a line break can
forge a trailer. Everything printed or put into a commit message passes through here first.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SEQUENCE: Final = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?"  # OSC ... BEL or ST
    "|\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI
    "|\x1b[PX^_][^\x1b]*(?:\x1b\\\\)?"  # DCS, SOS, PM, APC
)


def clean(text: str, limit: int = 100_000) -> str:
    """``text`` without terminal sequences, control and bidirectional characters.

    Tabs and line feeds stay; CR LF and CR become LF. At most ``limit`` characters; a cut is marked.
    """
    if text.isprintable():  # nothing below would match: the usual case, ten times quicker
        return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
    text = text[: limit * 2].replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _SEQUENCE.sub("", text))
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def clean_line(text: str, limit: int = 200) -> str:
    """``text`` as one clean line: any white space becomes a single space."""
    return clean(" ".join(clean(text, limit * 4).split()), limit)


def decode(data: bytes, limit: int = 100_000) -> str:
    """Bytes from outside as clean text; undecodable bytes become U+FFFD."""
    return clean(data[: limit * 4].decode("utf-8", "replace"), limit)
