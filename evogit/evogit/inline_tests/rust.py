"""Which parts of a Rust file are tests, or decide whether tests are compiled and run.

Fixed are items with an attribute that speaks of tests (``#[cfg(test)]``, ``#[test]``,
``#[tokio::test]``, ``#[rstest]``), such attributes of other items, and attributes of the file that are
more than lints. Kept are doc comments with code and declarations of other files (``mod x;``): without
its declaration a file's tests would not be compiled. Each counts with what it stands in, so that it
can not be moved into a comment, a macro or a module that nobody compiles.

Read from tokens and brackets alone, since macros hold tests where a grammar sees no items. Where an
item's end is in doubt more is fixed than need be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from evogit.inline_tests.found import MAX_LENGTH, Found, Piece
from evogit.inline_tests.rust_tokens import Token, UnreadableError, pairs, tokens

_MARKS_A_TEST: Final = re.compile(
    r"\w*test\w*|\w*bench\w*|quickcheck|should_panic|ignore|fixture|case"
)
_TESTS: Final = frozenset({"test", "tests", "doctest", "bench"})
_HARMLESS: Final = frozenset({"allow", "warn", "deny", "forbid", "expect", "feature"})
_CODE: Final = re.compile(r"```|~~~|include_str|^[\s/!*]*(?: {5,}|\t)\S", re.MULTILINE)
_BEFORE: Final = frozenset({"pub", "default", "unsafe", "async", "extern", "const", "safe"})
_WITH_BODY: Final = frozenset(
    {"fn", "mod", "struct", "enum", "union", "trait", "impl", "macro_rules", "extern", "auto", "{"}
)
_STATEMENTS: Final = frozenset({"let", "const", "static", "use", "type"})


def read(text: str) -> Found | None:
    """The tests of a file; ``None`` if it can not be read as Rust."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        found = tokens(text)
        return _Walk(text, found, pairs(found)).found()
    except UnreadableError:
        return None


def files_of_tests(text: str) -> list[str]:
    """Names of the modules that a file declares for tests: ``#[cfg(test)] mod NAME;``."""
    found = read(text)
    declared = (
        (re.search(r"\bmod\s+(\w+)\s*;$", piece) for _, piece in found.fixed) if found else ()
    )
    return sorted({match[1] for match in declared if match})


class _Walk:
    """One pass over the tokens. ``_place`` says in what the current one stands."""

    def __init__(self, text: str, found: Sequence[Token], closing: dict[int, int]) -> None:
        self._text = text
        self._tokens = found
        self._closing = closing
        self._fixed: Counter[Piece] = Counter()
        self._kept: Counter[Piece] = Counter()
        self._spans: list[tuple[int, int]] = []
        self._place = 0
        self._first = 0
        """Where the statement or item at hand begins."""
        self._head = 0
        """What was read of it so far, but for what is in brackets."""

    def found(self) -> Found:
        around: list[tuple[int, int, int]] = []
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.kind == "doc" or self._is(at, "#"):
                at = self._attributes(at)
                continue
            self._read(at, at + 1)
            if at in self._closing:
                around.append((self._place, self._first, self._head))
                self._place = hash(f"{self._place} {self._head}")
                self._begin(at + 1)
            elif around and self._is(at, ")", "]", "}"):
                self._place, self._first, self._head = around.pop()
            elif token.text == "mod" and self._is(at + 2, ";"):
                said = (one.text for one in self._tokens[self._first : at + 3] if one.kind != "doc")
                self._kept[self._place, " ".join(said)] += 1
            if self._is(at, ";", "}"):
                self._begin(at + 1)
            at += 1
        return Found(self._fixed, self._kept, tuple(self._spans))

    def _begin(self, at: int) -> None:
        self._first, self._head = at, 0

    def _read(self, start: int, end: int) -> None:
        # Texts are hashed with a secret of the process: nobody can choose two that look alike.
        for token in self._tokens[start:end]:
            if token.kind != "doc":
                self._head = hash(f"{self._head} {token.text}")

    def _is(self, at: int, *texts: str) -> bool:
        return at < len(self._tokens) and self._tokens[at].text in texts

    def _attributes(self, at: int) -> int:
        """Deal with the attributes and doc comments that begin here; returns where to go on."""
        if self._is(at, "#") and self._is(at + 1, "!") and at + 2 in self._closing:
            end = self._closing[at + 2] + 1
            if self._tokens[at + 3].text not in _HARMLESS:
                self._fix(at, end)
            self._begin(end)
            return end
        end, docs, others = self._group(at)
        if end == at:
            self._read(at, at + 1)
            return at + 1
        if any(self._marks(one) for one in others):
            end = self._item_end(end)
            self._fix(at, end)
            self._begin(end)
            return end
        self._read(at, end)
        for one in others:
            if one[0].text == "cfg_attr" and _TESTS & _words(one):
                self._fixed[self._place, _text(one)] += 1
        said = [token.text for token in docs]
        said += [_text(one) for one in others if one[0].text == "doc"]
        if _CODE.search("\n".join(said)):
            said += [_text(one) for one in others if one[0].text.startswith("cfg")]
            self._kept[self._place, "\n".join(said)] += 1
        return end

    def _group(self, at: int) -> tuple[int, list[Token], list[Sequence[Token]]]:
        """Where the attributes before an item end, the doc comments, and what other attributes hold."""
        docs: list[Token] = []
        others: list[Sequence[Token]] = []
        while at < len(self._tokens):
            if self._tokens[at].kind == "doc":
                docs.append(self._tokens[at])
                at += 1
            elif self._is(at, "#") and self._is(at + 1, "[") and self._closing[at + 1] > at + 2:
                end = self._closing[at + 1]
                others.append(self._tokens[at + 2 : end])
                at = end + 1
            else:
                break
        return at, docs, others

    def _marks(self, attribute: Sequence[Token]) -> bool:
        """Whether it makes a test of its item, or compiles it for tests or without them alone."""
        if attribute[0].text == "cfg":
            return bool(_TESTS & _words(attribute))
        path: list[str] = []
        for token in attribute:
            if token.kind != "word" and token.text != ":":
                break
            path.append(token.text)
        return bool(path) and _MARKS_A_TEST.fullmatch(path[-1]) is not None

    def _fix(self, start: int, end: int) -> None:
        span = (self._tokens[start].start, self._tokens[end - 1].end)
        self._fixed[self._place, self._text[slice(*span)]] += 1
        self._spans.append(span)

    def _item_end(self, at: int) -> int:
        """The index after the last token of the item, statement, field or arm that begins here."""
        word = self._keyword(at)
        has_body = word in _WITH_BODY or self._is(at + 1, "!")
        ends = (";",) if has_body or word in _STATEMENTS else (";", ",")
        while at < len(self._tokens) and not self._is(at, ")", "]", "}"):
            if self._is(at, *ends):
                return at + 1
            if has_body and self._is(at, "{") and not self._is(at - 1, "<"):
                return self._closing[at] + 1
            at = self._closing.get(at, at) + 1
        return at

    def _keyword(self, at: int) -> str:
        """The word that says what an item is: ``fn`` of ``pub(crate) const unsafe fn``."""
        before = ""
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.text in _BEFORE:
                before = token.text if token.text in ("const", "extern") else before
            elif token.kind != "text" and not self._is(at, "("):
                return token.text if token.text in _WITH_BODY else before or token.text
            at = self._closing.get(at, at) + 1
        return before


def _words(attribute: Sequence[Token]) -> set[str]:
    return {token.text for token in attribute if token.kind == "word"}


def _text(attribute: Sequence[Token]) -> str:
    return " ".join(token.text for token in attribute)
