"""What a commit message says: its subject and its provenance trailers. Bounded and cleaned."""

from __future__ import annotations

from typing import Final

from evogit.text import clean_line

MAX_SUBJECT: Final = 200
MAX_TRAILERS: Final = 200
_PREFIX: Final = "Evogit-"
_LOOKED_AT: Final = 64 * 1024


def tidy(text: str, limit: int = MAX_SUBJECT) -> str:
    """``clean_line``, with a quick way out for text that is clean already."""
    if text.isprintable() and len(text) <= limit and "  " not in text and text == text.strip():
        return text
    return clean_line(text, limit)


def subject_of(message: str) -> str:
    """The first line with something on it, clean, at most 200 characters."""
    line = message.partition("\n")[0] or message.lstrip("\n").partition("\n")[0]
    return tidy(line[:4000])


def trailers_of(message: str) -> dict[str, str]:
    """The ``Evogit-`` trailers of a message by name without that prefix, in lower case.

    Only the last paragraph counts, and only if the message has a subject before it. A name that
    is repeated (``Evogit-Inspiration``) has its values joined by a space. Values are clean and at
    most 200 characters, or 4,000 in all for a repeated name; they are provenance, never a score.
    """
    found: dict[str, str] = {}
    head, _, block = message[-_LOOKED_AT:].rstrip().rpartition("\n\n")
    if not head:
        return found
    for line in block.split("\n", MAX_TRAILERS)[:MAX_TRAILERS]:
        name, colon, value = line.partition(":")
        if colon and name.startswith(_PREFIX):
            key = tidy(name[len(_PREFIX) :], 60).lower()
            value = tidy(value.strip())
            found[key] = f"{found[key]} {value}"[:4000] if key in found else value
    return found


def provenance_of(message: str) -> tuple[str, str, int]:
    """Agent, operator and step from the trailers; of a repeated one the first counts.

    The same block as ``trailers_of``, without building all of it: this runs for every commit.
    """
    head, _, block = message[-_LOOKED_AT:].rstrip().rpartition("\n\n")
    if not head or _PREFIX not in block:
        return "", "", 0
    block = "\n" + block
    return _first(block, "Agent"), _first(block, "Operator"), whole_number(_first(block, "Step"))


def _first(block: str, name: str) -> str:
    mark = f"\n{_PREFIX}{name}:"
    at = block.find(mark)
    if at < 0:
        return ""
    start = at + len(mark)
    end = block.find("\n", start)
    return tidy(block[start : end if end >= 0 else None].strip())


def whole_number(text: str | None) -> int:
    """A trailer's non-negative number; 0 if it is missing or none."""
    if text and len(text) <= 15 and text.isascii() and text.isdigit():
        return int(text)
    return 0


def record_of(message: str) -> str:
    """The record line of a journal entry: what stands below its subject."""
    return message.partition("\n\n")[2].strip()
