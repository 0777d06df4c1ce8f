"""``resolve``: the lines on which the two sides of a merge disagree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evogit.git.merge import Conflict
from evogit.git.merge_text import Hunk
from evogit.proposals import RESOLVE
from evogit.text import clean
from evogit_agents.llm.answers import UnusableError, blocks, summary
from evogit_agents.llm.ground import Edit, Ground, Order

_AROUND: Final = 12
"""Agreed lines shown on either side of a conflict."""
_MOST: Final = 8


def prepare(ground: Ground) -> Order | str:
    """Show every conflict with its surroundings and take one block of lines for each."""
    conflicts = ground.task.conflicts
    hunks = [hunk for conflict in conflicts for hunk in conflict.hunks]
    if not 0 < len(hunks) <= _MOST:
        return f"{len(hunks)} conflicting places are none, or more than {_MOST}"
    try:
        code = "\n\n".join(_shown(conflict) for conflict in conflicts)
    except UnicodeDecodeError:
        return "a conflicting file is not UTF-8"
    if ground.says(code, len(code)) != code:
        return "a conflicting file holds secrets or control characters"
    if ground.count(code) > ground.room * 2 // 3:
        return "the conflicts do not fit into a prompt"
    facts = {"path": conflicts[0].path, "number": str(len(hunks))}
    prompt = ground.prompt("resolve", facts, {"code": code})
    return Order(RESOLVE, prompt, lambda answer: _read(answer, conflicts))


def _shown(conflict: Conflict) -> str:
    parts = [f"# {clean(conflict.path)}"]
    for i, piece in enumerate(conflict.pieces):
        if isinstance(piece, Hunk):
            parts.append(_marked(piece))
        else:
            parts.append(_near(piece.decode(), before=i == 0, last=i == len(conflict.pieces) - 1))
    return "\n".join(part.rstrip("\n") for part in parts)


def _marked(hunk: Hunk) -> str:
    ours, base, theirs = (part.decode() for part in (hunk.ours, hunk.base, hunk.theirs))
    return (
        f"<<<<<<< ours\n{_ended(ours)}||||||| before\n{_ended(base)}"
        f"=======\n{_ended(theirs)}>>>>>>> theirs"
    )


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _near(text: str, *, before: bool, last: bool) -> str:
    """The agreed lines next to conflicts."""
    lines = text.rstrip("\n").split("\n")
    if before:
        return "\n".join(lines[-_AROUND:])
    if last:
        return "\n".join(lines[:_AROUND])
    if len(lines) <= 2 * _AROUND:
        return "\n".join(lines)
    return "\n".join([*lines[:_AROUND], "...", *lines[-_AROUND:]])


def _read(answer: str, conflicts: Sequence[Conflict]) -> Edit:
    found = [block.text for block in blocks(answer)]
    wanted = sum(len(conflict.hunks) for conflict in conflicts)
    if len(found) != wanted:
        raise UnusableError(f"there are {len(found)} code blocks; give {wanted}, one per conflict")
    if any(line.startswith(("<<<<<<<", ">>>>>>>")) for text in found for line in text.split("\n")):
        raise UnusableError("a block still holds conflict markers")
    given = iter(found)
    changes: dict[str, bytes | None] = {}
    for conflict in conflicts:
        parts = [p if isinstance(p, bytes) else _decided(p, next(given)) for p in conflict.pieces]
        changes[conflict.path] = b"".join(parts)
    return Edit(changes, summary(answer))


def _decided(hunk: Hunk, text: str) -> bytes:
    """The lines for one conflict, ending as the sides' lines do."""
    if not text.strip():
        return b""
    crlf = b"\r\n" in hunk.ours + hunk.theirs
    lines = text.rstrip().replace("\n", "\r\n" if crlf else "\n")
    ended = (hunk.ours or hunk.theirs).endswith(b"\n")
    return (lines + (("\r\n" if crlf else "\n") if ended else "")).encode()
