"""Reading a model's answer: fenced blocks, and search/replace blocks with the file they are for.

An answer is hostile text. What is found here are strings; where they go is decided elsewhere. It
may have megabytes on one line, so no expression here has two neighbours that match the same
characters: each reads a line in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from evogit.errors import UserError

MOST_BLOCKS: Final = 50
_T = TypeVar("_T")
_Kind = Literal["text", "open", "code", "close"]
_LONGEST_NAMED: Final = 4096
"""Characters of a line that names a file: no path is longer."""
_NAMED: Final = re.compile(
    r"(?:[#*>\- ]|//)*+(?:\b(?:new file|file|path)\b(?![./+\-]) ?:? ?)?"
    r"[`*\"']*+([\w./][\w./+\-]*)[`*\"']* ?(?:\(new\))?[ :]*(?:\*/|-->)?$",
    re.IGNORECASE,
)
_ENDING: Final = re.compile(r"\.(?=\w+$)\w*?[A-Za-z]")
_SEARCH: Final = re.compile(r"[ \t]*(<{5,9})[ \t]*(?:(?:SEARCH|ORIGINAL)\b.*)?$")
_HUNK: Final = re.compile(r"^@@(?: .*)?$", re.MULTILINE)
_MARKER: Final = re.compile(r" .*EVOLVE-BLOCK-(?:START|END)")
_SHORTEST_FENCE: Final = 3
_MIDDLE: Final = re.compile(r"[ \t]*(={5,9})[ \t]*$")
_OTHERWISE: Final = "if the file has such a line, use 9 of <, = and > each as markers"
_IDEA: Final = re.compile(r"(?:(?:first line|(?:your |my )?idea)\s*:\s*)+", re.IGNORECASE)
_REPLACE: Final = re.compile(r"[ \t]*(>{5,9})[ \t]*(?:(REPLACE|UPDATED|replace)[ \t]*)?$")


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
            path, lines = _path(before) or _path(_fence(line)[1].rpartition(" ")[2]), []
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
        run, after = _fence(line)
        if run and not fence:
            fence = run
            yield "open", line
        elif run and not after and run.startswith(fence):
            fence = ""
            yield "close", line
        else:
            yield ("code" if fence else "text"), line


def _fence(line: str) -> tuple[str, str]:
    """The run of backticks or tildes that makes a line a fence, and what follows; or nothing."""
    bare = line.lstrip(" \t")
    mark = bare[:1] if bare[:1] in ("`", "~") else ""
    after = bare.lstrip(mark) if mark else bare
    run = bare[: len(bare) - len(after)]
    fences = len(run) >= _SHORTEST_FENCE and "`" not in after
    return (run, after.strip()) if fences else ("", "")


def swaps(answer: str) -> list[Swap]:
    """The search/replace blocks of an answer, in order.

    The markers of a block are as long as its first one, so that lines with other runs can be
    replaced; markers of another length are taken where only one reading is left.

    Raises:
        UnusableError: one has no middle or no end, or one too many, or there are more than 50.
    """
    found: list[Swap] = []
    path, before = "", ""
    lines = iter(answer.split("\n"))
    for line in lines:
        length = _length(_SEARCH, line)
        if length:
            path = _path(before) or path
            found.append(_swap(lines, path, length))
            before = ""
        elif line.strip() and not _fence(line)[0]:
            before = line
    return _few(found)


def _swap(lines: Iterator[str], path: str, length: int) -> Swap:
    """The block whose first marker was the line before, up to its end; see ``swaps``."""
    body = _until_end(lines, length)
    found = [_length(_MIDDLE, line) for line in body]
    middles = [place for place, run in enumerate(found) if run == length]
    middles = middles or [place for place, run in enumerate(found) if run]
    if not middles:
        raise UnusableError(f"a SEARCH block has no line {'=' * length}")
    if len(middles) > 1:
        again = body[middles[1]].strip()
        raise UnusableError(f"a SEARCH block has a second line {again}; {_OTHERWISE}")
    [middle] = middles
    return Swap(path, "\n".join(body[:middle]), "\n".join(body[middle + 1 :]))


def _until_end(lines: Iterator[str], length: int) -> list[str]:
    body: list[str] = []
    for line in lines:
        if _length(_SEARCH, line) == length:
            raise UnusableError(_missing(body, length) + " before the next SEARCH")
        end = _REPLACE.match(line)
        if end and (len(end[1]) == length or end[2]):
            return body
        body.append(line)
    raise UnusableError(_missing(body, length))


def _missing(body: Sequence[str], length: int) -> str:
    halfway = any(_length(_MIDDLE, line) for line in body)
    return f"a SEARCH block has no line {'>' * length + ' REPLACE' if halfway else '=' * length}"


def _length(marker: re.Pattern[str], line: str) -> int:
    """Of the run of ``<``, ``=`` or ``>`` in a line that is such a marker; else 0."""
    match = marker.match(line)
    return len(match[1]) if match else 0


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
        if outside and len(words.split()) > 2 and not _named(line):
            return words
    return ""


def _named(line: str) -> str:
    """What a line names if it does nothing but name a file, as far as its form tells; or nothing."""
    line = " ".join(line.split())
    match = _NAMED.match(line) if len(line) <= _LONGEST_NAMED else None
    return match[1] if match else ""


def _path(line: str) -> str:
    name = _named(line)
    return name if "/" in name or _ENDING.search(name) else ""


def _few(found: list[_T]) -> list[_T]:
    if len(found) > MOST_BLOCKS:
        raise UnusableError(f"it has {len(found)} blocks, at most {MOST_BLOCKS} are read")
    return found
