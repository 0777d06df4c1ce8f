"""Reading a model's answer: fenced blocks, and search/replace blocks with the file they are for.

An answer is hostile text. What is found here are strings; where they go is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from evogit.errors import UserError

MOST_BLOCKS: Final = 50
_T = TypeVar("_T")
_Kind = Literal["text", "open", "code", "close"]
_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^`]*)$")
_NAMED: Final = re.compile(
    r"(?:[#*>\- \t]|//)*(?:\b(?:new file|file|path)\b\s*:?\s*)?"
    r"[`*\"']*([\w./][\w./+\-]*)[`*\"']*\s*(?:\(new\))?[ \t:]*(?:\*/|-->)?$",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"\.\w*[A-Za-z]\w*$")
_SEARCH: Final = re.compile(r"[ \t]*<{5,9}[ \t]*(?:(?:SEARCH|ORIGINAL)\b.*)?$")
_HUNK: Final = re.compile(r"^@@(?: .*)?$", re.MULTILINE)
_MARKER: Final = re.compile(r" .*EVOLVE-BLOCK-(?:START|END)")
_MIDDLE: Final = re.compile(r"[ \t]*={5,9}[ \t]*$")
_IDEA: Final = re.compile(r"(?:(?:first line|(?:your |my )?idea)\s*:\s*)+", re.IGNORECASE)
_REPLACE: Final = re.compile(r"[ \t]*>{5,9}[ \t]*(?:REPLACE|UPDATED|replace)?[ \t]*$")


class UnusableError(UserError):
    """An answer can not be applied exactly; the message is what the model is told."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``path`` is the file that the line before it names, or empty."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Swap:
    """One search/replace block; ``path`` is the file that the line before it names, or empty."""

    path: str
    search: str
    replace: str


def blocks(answer: str) -> list[Block]:
    """The fenced blocks of an answer, in order; a fence that is not closed ends with the answer.

    Raises:
        UnusableError: there are more than 50.
    """
    found: list[Block] = []
    path, lines, before = "", list[str](), ""
    last: _Kind = "text"
    for last, line in _kinds(answer):
        if last == "open":
            path, lines = _path(before) or _path(_opened(line).rpartition(" ")[2]), []
        elif last == "close":
            found.append(Block(path, "\n".join(lines)))
            before = ""
        elif last == "code":
            lines.append(line)
        elif line.strip():
            before = line
    if last in ("open", "code"):
        found.append(Block(path, "\n".join(lines)))
    return _few(found)


def blocks_beside(answer: str) -> list[str]:
    """The blocks of an answer that are neither blank nor hold a search/replace block.

    Raises:
        UnusableError: there are more than 50.
    """
    texts = [block.text for block in blocks(answer) if block.text.strip()]
    return [text for text in texts if not any(map(_SEARCH.match, text.split("\n")))]


def unclosed(answer: str) -> bool:
    """Whether the last fence of an answer is not closed."""
    return list(_kinds(answer))[-1][0] in ("open", "code")


def _kinds(answer: str) -> Iterator[tuple[_Kind, str]]:
    """Every line, with whether it opens a fence, closes it, stands in it or outside of all."""
    fence = ""
    for line in answer.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
            yield "open", line
        elif match and not match[2].strip() and match[1].startswith(fence):
            fence = ""
            yield "close", line
        else:
            yield ("code" if fence else "text"), line


def _opened(line: str) -> str:
    match = _FENCE.match(line)
    return match[2] if match else ""


def swaps(answer: str) -> list[Swap]:
    """The search/replace blocks of an answer, in order.

    Raises:
        UnusableError: one has no middle or no end, or there are more than 50.
    """
    found: list[Swap] = []
    state, path, before = "", "", ""
    search: list[str] = []
    replace: list[str] = []
    for line in answer.split("\n"):
        if state == "" and _SEARCH.match(line):
            state, search, replace, path = "search", [], [], _path(before) or path
        elif state == "search" and _MIDDLE.match(line):
            state = "replace"
        elif state == "replace" and _REPLACE.match(line):
            found.append(Swap(path, "\n".join(search), "\n".join(replace)))
            state, before = "", ""
        elif state == "search":
            search.append(line)
        elif state == "replace":
            replace.append(line)
        elif line.strip() and not _FENCE.match(line):
            before = line
    if state:
        missing = "=======" if state == "search" else ">>>>>>> REPLACE"
        raise UnusableError(f"a SEARCH block has no line {missing}")
    return _few(found)


def hunks(block: str) -> list[Swap]:
    """The hunks of a unified diff in a block, by their lines: numbers of lines are not trusted.

    Raises:
        UnusableError: there are more than 50.
    """
    found: list[Swap] = []
    for part in _HUNK.split(block)[1:]:
        # Markers around are what a diff shows at the edge of a block; they are no part of it.
        lines = [line for line in part.strip("\n").split("\n") if not _MARKER.match(line)]
        search = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        replace = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        if search != replace:
            found.append(Swap("", search, replace))
    return _few(found)


def summary(answer: str) -> str:
    """What the answer says beside its blocks: its first line of words, or nothing."""
    swap = False
    for kind, line in _kinds(answer):
        if kind != "text":
            continue
        swap = not _REPLACE.match(line) if swap else bool(_SEARCH.match(line))
        words = _IDEA.sub("", line.replace("**", "").strip(" \t#*-_>`"))
        outside = not swap and not _REPLACE.match(line)
        if outside and len(words.split()) > 2 and not _NAMED.match(line):
            return words
    return ""


def _path(line: str) -> str:
    match = _NAMED.match(line.strip())
    name = match[1] if match else ""
    return name if "/" in name or _ENDING.search(name) else ""


def _few(found: list[_T]) -> list[_T]:
    if len(found) > MOST_BLOCKS:
        raise UnusableError(f"it has {len(found)} blocks, at most {MOST_BLOCKS} are read")
    return found
