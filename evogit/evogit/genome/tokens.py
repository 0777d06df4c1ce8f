"""Source of languages that write like C, without comments and without layout.

Line ends stay (they end statements in some of these languages, and preprocessor lines in others),
but empty lines, indentation and repeated blanks do not. A lexer this small is not asked about
languages where layout or quotes mean more than it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

_LIKE_C: Final = frozenset(
    {".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".cu", ".java", ".go", ".rs"}
)
_LIKE_JAVASCRIPT: Final = frozenset({".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"})
_MEANT: Final = re.compile(rb"//go:|//\s*\+build|import\s+\"C\"")
"""Comments that say something to a compiler."""
_UNSURE: Final = re.compile(rb"(?<![*/<])/(?![*/\s=])|\$\{")
"""In JavaScript a regular expression may begin, or a text hold code."""

_TOKEN: Final = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))
    | (?P<text>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"
        | \br(?P<hashes>\#+)".*?"(?P=hashes)
        | \""".*?\"""
        | `[^`]*`
        | @"(?:[^"]|"")*"
        | "(?:\\.|[^"\\\n])*"
        | '(?:\\.[^'\n]*|[^'\\\n])')
    | (?P<line>\s*\n\s*)
    | (?P<blank>\s+)
    | (?P<word>\w+)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(path: str, source: bytes) -> list[str] | None:
    """The tokens of a file, or ``None`` where this can not be told.

    Args:
        path: its suffix tells the language.
        source: its content.
    """
    suffix = PurePosixPath(path).suffix.lower()
    sure = suffix in _LIKE_C and not _MEANT.search(source)
    if not sure and (suffix not in _LIKE_JAVASCRIPT or _UNSURE.search(source)):
        return None
    try:
        return list(_read(source.decode()))
    except UnicodeDecodeError:
        return None


def _read(text: str) -> Iterator[str]:
    """Tokens; a blank is one token between two, a run of line ends is one."""
    gap = "\n"
    for match in _TOKEN.finditer(text.strip()):
        kind = match.lastgroup
        if kind == "line" or (kind == "comment" and "\n" in match[0]):
            gap = "\n"
        elif kind in {"blank", "comment"}:
            gap = gap or " "
        else:
            if gap:
                yield gap
            gap = ""
            yield match[0]
