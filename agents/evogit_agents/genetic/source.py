"""Python source as text and syntax tree together, so that an edit touches only its own span."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass
from typing import Final, cast

from evogit.syntax import parse

MAX_BYTES: Final = 256 * 1024
"""Larger files are generated or data; parsing one takes longer than an evaluation."""

MAX_DEPTH: Final = 60
"""Deeper syntax is hostile or generated; every recursion here is bounded by it."""

MAX_NODES: Final = 50_000
MAX_BITS: Final = 4096

FILENAME: Final = "<evogit candidate>"
_CODECS: Final = frozenset({"utf-8", "utf-8-sig", "iso-8859-1", "ascii"})
_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_HOSTILE: Final = (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError)

# The compiler warns about a candidate's own slips (``"\d"``, ``x is 1``) on standard error. This
# silences that one file name; ``catch_warnings`` is no way out, it is not safe among threads.
warnings.filterwarnings("ignore", module=re.escape(FILENAME))


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file. ``starts`` are the offsets of its lines, ``bom`` what precedes the text."""

    text: str
    tree: ast.Module
    starts: tuple[int, ...]
    encoding: str
    bom: bytes

    def offset(self, line: int, column: int) -> int:
        """Index into ``text`` of a position as ``ast`` gives it: line from 1, UTF-8 column."""
        start = self.starts[line - 1]
        row = self.text[start : start + column]
        if row.isascii():
            return start + column
        return start + len(row.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where ``node`` begins and ends in ``text``; decorators are not part of a definition."""
        end_line = node.end_lineno or node.lineno
        end_column = node.end_col_offset or node.col_offset
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def line(self, number: int) -> str:
        """Line ``number`` (from 1) with its line end."""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]

    def newline(self) -> str:
        """The line end of the first line, LF if there is none."""
        found = _NEWLINE.search(self.text)
        return found[0] if found else "\n"

    def with_text(self, text: str) -> Source | None:
        """The same file with other text, ``None`` if that does not parse or is too large.

        Depth and size are not measured again: one edit adds little, and the next ``read`` does.
        """
        return _parse(text, self.encoding, self.bom)

    def encoded(self) -> bytes | None:
        """The file's bytes, ``None`` if its declared encoding can not express the text."""
        try:
            return self.bom + self.text.encode(self.encoding)
        except UnicodeError:
            return None


def read(data: bytes) -> Source | None:
    """Parse a file. ``None`` for all that is no ordinary Python: too large, too deep, another codec."""
    if len(data) > MAX_BYTES or b"\0" in data:
        return None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if encoding not in _CODECS:
            return None
        bom = b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b""
        encoding = "utf-8" if bom else encoding
        text = data[len(bom) :].decode(encoding)
    except (SyntaxError, UnicodeError):
        return None
    source = _parse(text, encoding, bom)
    return None if source is None or _excessive(source.tree) else source


def compiles(source: Source) -> bool:
    """Whether the whole file passes the compiler, which refuses more than the parser does."""
    try:
        compile(source.tree, FILENAME, "exec", dont_inherit=True)
    except _HOSTILE:
        return False
    return True


def same(one: object, other: object) -> bool:
    """Whether two syntax trees mean the same: equal but for positions and contexts."""
    if one.__class__ is not other.__class__:
        return False
    if isinstance(one, ast.AST):
        for name in one._fields:
            if name in _IGNORED:
                continue
            if not same(getattr(one, name, None), getattr(other, name, None)):
                return False
        return True
    if isinstance(one, list):
        mine, theirs = cast("list[object]", one), cast("list[object]", other)
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    # repr tells -0.0 from 0.0; it is no good for ints, where thousands of digits raise.
    return repr(one) == repr(other) if isinstance(one, (float, complex)) else one == other


_IGNORED: Final = frozenset({"ctx", "type_comment", "kind", "type_ignores"})


def nodes(root: ast.AST) -> list[ast.AST]:
    """``root`` and all below it, level by level; twice as fast as ``ast.walk``, without contexts."""
    found = [root]
    for node in found:
        for name in node._fields:
            if name == "ctx":
                continue
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                items = cast("list[object]", value)
                found.extend([item for item in items if isinstance(item, ast.AST)])
    return found


def size(node: ast.AST) -> int:
    """How many expressions and statements ``node`` holds, itself included."""
    return sum(1 for n in nodes(node) if isinstance(n, (ast.expr, ast.stmt)))


def _parse(text: str, encoding: str, bom: bytes) -> Source | None:
    if len(text) > MAX_BYTES:
        return None
    try:
        tree = parse(text, filename=FILENAME)
    except _HOSTILE:
        return None
    starts = (0, *(m.end() for m in _NEWLINE.finditer(text)))
    return Source(text, tree, starts, encoding, bom)


def _excessive(tree: ast.AST) -> bool:
    """Whether the tree is deeper or larger than any recursion and time here should bear."""
    level: list[ast.AST] = [tree]
    nodes = 0
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if nodes > MAX_NODES or any(_is_huge(node) for node in level):
            return True
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def _is_huge(node: ast.AST) -> bool:
    """A whole number that Python refuses to print."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int) and value.bit_length() > MAX_BITS
