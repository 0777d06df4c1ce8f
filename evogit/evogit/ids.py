"""Names of things: object ids, agents, workers, refs. Validated once, trusted afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NewType

from evogit.errors import UserError

CommitId = NewType("CommitId", str)
"""40 lower-case hexadecimal digits naming a commit."""

TreeId = NewType("TreeId", str)
"""40 lower-case hexadecimal digits naming a tree: a genome."""

BlobId = NewType("BlobId", str)
"""40 lower-case hexadecimal digits naming a blob."""

_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}")
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
DISTILLED: Final = "distilled"
BEST: Final = re.compile(r"best(?::(\d{1,6}))?(?:@gen(\d{1,9}))?", re.ASCII)
"""The best, the N-th best, or that of a generation: groups are rank and generation."""
ABBREVIATED: Final = re.compile(r"[0-9a-f]{4,40}")
"""An id, in full or its first digits."""

HEADS: Final = "refs/heads/"
JOURNALS: Final = "refs/evogit/journal/"
CLAIMS: Final = "refs/evogit/claim/"
SPEC_REF: Final = "refs/evogit/spec"
TAGS: Final = "refs/tags/"
BASE_BRANCH: Final = "main"
BASE_REF: Final = HEADS + BASE_BRANCH
REMOTES: Final = "refs/evogit/remotes/"
"""What other hosts published: ``refs/evogit/remotes/<remote>/{heads,journal}/<name>`` and ``/spec``."""


def is_object_id(text: str) -> bool:
    """Whether ``text`` is a full SHA-1 object id."""
    return _OBJECT_ID.fullmatch(text) is not None


def commit_id(text: str) -> CommitId:
    """``text`` as a commit id.

    Raises:
        UserError: ``text`` is not 40 lower-case hexadecimal digits.
    """
    if not is_object_id(text):
        raise UserError(f"{text[:60]!r} is not a full commit id", hint="pass 40 hexadecimal digits")
    return CommitId(text)


def is_name(text: str) -> bool:
    """Whether ``text`` may name an agent, a worker or a person: ``[a-z0-9-]``, 1 to 40 long."""
    return _NAME.fullmatch(text) is not None


def is_selector(text: str) -> bool:
    """Whether a command line reads ``text`` as something else than a name: ``best``, an abbreviated id, ..."""
    return text in {"base", DISTILLED} or bool(BEST.fullmatch(text) or ABBREVIATED.fullmatch(text))


def checked_name(text: str, what: str = "name") -> str:
    """``text`` if it may name an agent, a worker or a person.

    Raises:
        UserError: anything but lower-case letters, digits and inner hyphens, or over 40 long.
    """
    if not is_name(text):
        raise UserError(
            f"{text[:60]!r} is not a valid {what}",
            hint="use 1 to 40 lower-case letters, digits and inner hyphens",
        )
    return text


def slug(text: str, fallback: str = "x", limit: int = 40) -> str:
    """A valid name made from any text: other characters become single hyphens."""
    cleaned = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return cleaned or fallback


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key by which ``a10`` comes after ``a9``."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def several(found: Sequence[str]) -> str:
    """The first digits of a few ids, and how many more there are."""
    shown = ", ".join(commit[:12] for commit in found[:5])
    return shown if len(found) <= 5 else f"{shown} and {len(found) - 5} more"
