"""A Rust file as tokens, cut where rustc's lexer cuts: enough to know what is code and where it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    | (?P<line>//[^\n]*)
    | (?P<block>/\*)
    | (?P<raw>(?:r|br|cr)(?P<marks>\#*)")
    | (?P<text>[bc]?"[^"\\]*(?:\\.[^"\\]*)*")
    | (?P<letter>b?'(?:\\u\{[^}'\n]{0,12}\}|\\x..|\\.|[^\\'\n])')
    | (?P<label>'\w+)
    | (?P<word>(?:r\#)?\w+)
    | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_EDGE: Final = re.compile(r"/\*|\*/")
_SHEBANG: Final = re.compile(r"\ufeff?#!(?!\s*\[)[^\n]*")
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_LINE_DOC: Final = re.compile(r"///(?!/)|//!")
_BLOCK_DOC: Final = re.compile(r"/\*\*(?![*/])|/\*!")


class UnreadableError(Exception):
    """A text, a comment or a bracket is not closed: rustc would refuse the file as well."""


class Token(NamedTuple):
    """``kind`` is ``doc`` for a doc comment; other comments are no tokens."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """All tokens.

    Raises:
        UnreadableError: it is no Rust.
    """
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    shebang = _SHEBANG.match(text)
    at = shebang.end() if shebang else 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        kind = found.lastgroup if found else None
        if found is None or kind is None:
            raise UnreadableError
        start, at = at, found.end()
        if kind == "raw" or found["raw"] is not None:
            kind, at = "text", _after(text, f'"{found["marks"]}', at)
        elif kind == "block":
            at = _comment_end(text, at)
        elif kind == "mark" and found[0] in "\"'":
            raise UnreadableError
        if kind in ("line", "block"):
            doc = _LINE_DOC if kind == "line" else _BLOCK_DOC
            if not doc.match(text, start):
                continue
            kind = "doc"
        if kind != "space":
            yield Token(kind, text[start:at], start, at)


def _after(text: str, closing: str, at: int) -> int:
    found = text.find(closing, at)
    if found < 0:
        raise UnreadableError
    return found + len(closing)


def _comment_end(text: str, at: int) -> int:
    """Comments nest."""
    depth = 1
    for edge in _EDGE.finditer(text, at):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    raise UnreadableError


def pairs(found: Sequence[Token]) -> dict[int, int]:
    """The index of each closing bracket by that of the opening one.

    Raises:
        UnreadableError: they do not match.
    """
    closed: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(found):
        if token.kind != "mark":
            continue
        if token.text in _OPEN:
            waiting.append(index)
        elif token.text in _OPEN.values():
            if not waiting or _OPEN[found[waiting[-1]].text] != token.text:
                raise UnreadableError
            closed[waiting.pop()] = index
    if waiting:
        raise UnreadableError
    return closed
