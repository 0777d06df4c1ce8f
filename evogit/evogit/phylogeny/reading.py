"""Commits as plain tuples, parents first: streamed from ``git log``, or followed one by one.

``git log`` is the quickest way through a big history and libgit2 the quickest to a few new
commits (0.9 ms against 5 ms with 100,000 individuals; docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import pygit2
from pygit2.enums import ObjectType

from evogit.git.program import stream_git
from evogit.git.repository import GitRepository

Raw = tuple[bytes, bytes, list[bytes], int, str]
"""Id, tree and parents as 20 bytes each, commit time, message (undecodable bytes replaced)."""

MAX_WALK: Final = 2000
_MAX_TIME: Final = 2**40
_FIELDS: Final = 5
_LOG: Final = (
    "log",
    "--stdin",
    "-z",
    "--encoding=none",
    "--no-show-signature",
    "--no-notes",
    "--no-color",
    "--no-decorate",
    "--format=tformat:%H%x00%T%x00%P%x00%ct%x00%B",
)


def clamp_time(seconds: int) -> int:
    """Seconds since 1970 that ``datetime`` can bear; a hostile date becomes the nearest bound."""
    return min(max(seconds, 0), _MAX_TIME)


_PARENTS_FIRST: Final = ("--date-order", "--reverse")


def stream(git: GitRepository, include: Iterable[str], exclude: Iterable[str]) -> Iterator[Raw]:
    """Every commit reachable from ``include`` and not from ``exclude``, parents before children.

    Raises:
        GitError: git failed, for example because an object is missing.
    """
    return _log(git, _PARENTS_FIRST, [*include, *(f"^{tip}" for tip in exclude)])


def newest(
    git: GitRepository, tips: Iterable[str], count: int, *, first_parents: bool = False
) -> list[Raw]:
    """The ``count`` commits of the latest date; quick, however long the history is.

    Args:
        git: the repository.
        tips: where to start.
        count: how many at most.
        first_parents: leave out what is only reached through other parents.

    Raises:
        GitError: git failed.
    """
    options = (f"--max-count={count}", *(["--first-parent"] if first_parents else []))
    return list(_log(git, options, tips))


def _log(git: GitRepository, options: Iterable[str], revisions: Iterable[str]) -> Iterator[Raw]:
    given = "".join(f"{revision}\n" for revision in revisions).encode()
    fields = _split(stream_git(git.path, *_LOG, *options, stdin=given))
    from_hex = bytes.fromhex
    for name, tree, parents, when, message in zip(*[fields] * _FIELDS, strict=False):
        # A date git can not hold is printed as nothing or 0.
        seconds = int(when) if when.isdigit() and len(when) < 20 else 0
        ids = [from_hex(parents)] if len(parents) == 40 else _many(parents)
        yield from_hex(name), from_hex(tree), ids, min(seconds, _MAX_TIME), message


def _many(parents: str) -> list[bytes]:
    return [bytes.fromhex(parent) for parent in parents.split()]


def _split(pieces: Iterable[bytes]) -> Iterator[str]:
    """NUL-terminated fields, decoded; a field that spans many pieces is joined only once."""
    rest: list[bytes] = []
    for piece in pieces:
        cut = piece.rfind(b"\0")
        if cut < 0:
            rest.append(piece)
            continue
        whole = b"".join([*rest, piece[:cut]]).decode("utf-8", "replace")
        yield from whole.split("\0")
        rest = [piece[cut + 1 :]]


def follow(
    git: GitRepository, tips: Iterable[bytes], known: Callable[[bytes], bool]
) -> list[Raw] | None:
    """Every commit reachable from ``tips`` until ``known`` ones, parents before children.

    Returns ``None`` if there are more than 2,000, or one that libgit2 can not read: ``stream`` can.
    """
    done: set[bytes] = set()
    found: list[Raw] = []
    stack: list[tuple[bytes, Raw | None]] = [(tip, None) for tip in tips]
    while stack:
        name, ready = stack.pop()
        if ready is not None:
            found.append(ready)
            continue
        if name in done or known(name):
            continue
        done.add(name)
        raw = read_commit(git, name)
        if raw is None or len(done) > MAX_WALK:
            return None
        stack.append((name, raw))
        stack += [(parent, None) for parent in reversed(raw[2])]
    return found


def read_commit(git: GitRepository, name: bytes) -> Raw | None:
    """One commit, or ``None`` if it is missing, no commit, or too odd for libgit2."""
    try:
        found = git.handle[pygit2.Oid(raw=name)].peel(pygit2.Commit)
        if found.id.raw != name:
            return None  # an annotated tag that leads to a commit
        parents = [parent.raw for parent in found.parent_ids]
        message = found.raw_message.decode("utf-8", "replace")
        return name, found.tree_id.raw, parents, clamp_time(found.commit_time), message
    except (KeyError, ValueError, pygit2.GitError):
        return None


def is_commit(git: GitRepository, name: str) -> bool:
    """Whether an object is a commit, however odd its content."""
    try:
        kind, _ = git.handle.odb.read(name)
    except (KeyError, ValueError, pygit2.GitError):
        return False
    return int(kind) == int(ObjectType.COMMIT)
