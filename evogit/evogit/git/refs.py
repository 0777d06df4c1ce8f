"""Refs: every write is a compare-and-swap under git's own lock files, retried with jitter.

``references.create`` and ``set_target`` are not exclusive (433 "winners" of 100 claims in a
measured race); taking the lock, looking and only then writing is.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import pygit2
from pygit2.enums import Option
from pygit2.transaction import ReferenceTransaction

from evogit.errors import ConflictError, GitError
from evogit.ids import CommitId

_RETRY_SECONDS: Final = 10.0
_durable = threading.Lock()
_T = TypeVar("_T")


def read(repository: pygit2.Repository, name: str) -> CommitId | None:
    """The id a ref points to, or ``None`` if there is no such ref."""
    found = repository.references.get(name)
    return None if found is None else CommitId(str(found.target))


def under(repository: pygit2.Repository, prefix: str) -> dict[str, CommitId]:
    """All direct refs below ``prefix`` (which ends in ``/``), by full name."""
    found: dict[str, CommitId] = {}
    for reference in repository.references.iterator():
        if reference.name.startswith(prefix) and isinstance(reference.target, pygit2.Oid):
            found[reference.name] = CommitId(str(reference.target))
    return found


Moves = Mapping[str, tuple[CommitId | None, CommitId | None]]
"""Full ref name to (old, new) id; ``None`` stands for "does not exist"."""


Sync = Callable[[], None]
"""Makes everything written so far durable: objects and files alike."""


def move_all(repository: pygit2.Repository, moves: Moves, sync: Sync | None) -> None:
    """Move several refs, all checked against their old ids before any is written.

    With ``sync`` the refs are durable on return, and no ref is ever durable before the objects
    that were written before the call. A crash in the middle may leave some moved and some not: git
    has no multi-ref atomicity on loose refs.

    Raises:
        ConflictError: a ref is not at its old id; none was moved.
        GitError: a ref stayed locked by somebody else for 10 s, or the disk refused.
    """
    what = ", ".join(sorted(moves))
    if sync is None:
        _retrying(lambda: _transaction(repository, moves), repository, what)
    elif all(new is not None for _, new in moves.values()):
        _retrying(lambda: _write_loose(repository, moves, sync), repository, what)
    else:
        sync()
        _retrying(lambda: _durably(repository, moves), repository, what)


def _write_loose(repository: pygit2.Repository, moves: Moves, sync: Sync) -> None:
    """Write refs by git's own protocol: lock file, compare, sync, rename, sync.

    libgit2's durable update costs about eleven fsyncs a ref (measured), and the objects need a
    round of their own before; here one round serves objects and lock files, a second the renames.
    It holds the same lock files as git, so both exclude each other.
    """
    root = Path(repository.path)
    held: dict[str, Path] = {}
    try:
        for name in sorted(moves):
            held[name] = _take_lock(root / name)
        _check_old(repository, moves)
        for name, lock in held.items():
            lock.write_bytes(f"{moves[name][1]}\n".encode())
        sync()
        for name in sorted(moves):
            held.pop(name).rename(root / name)
        sync()
    finally:
        for lock in held.values():
            lock.unlink(missing_ok=True)


def _take_lock(ref: Path) -> Path:
    ref.parent.mkdir(parents=True, exist_ok=True)
    lock = ref.with_name(ref.name + ".lock")
    os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    return lock


def _check_old(repository: pygit2.Repository, moves: Moves) -> None:
    for name, (old, _) in moves.items():
        now = read(repository, name)
        if now != old:
            raise ConflictError(
                f"{name} is at {now or 'nothing'}, not at {old or 'nothing'}",
                hint="somebody else moved it; look again and repeat",
            )


def _durably(repository: pygit2.Repository, moves: Moves) -> None:
    # Removing a ref may rewrite packed-refs, which is libgit2's business; it syncs what it writes
    # while this process-wide switch is on.
    with _durable:
        pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)
        try:
            _transaction(repository, moves)
        finally:
            pygit2.option(Option.ENABLE_FSYNC_GITDIR, False)


def _transaction(repository: pygit2.Repository, moves: Moves) -> None:
    with repository.transaction() as transaction:
        _lock_and_set(repository, transaction, moves)


def _lock_and_set(
    repository: pygit2.Repository,
    transaction: ReferenceTransaction,
    moves: Moves,
) -> None:
    for name in sorted(moves):
        transaction.lock_ref(name)
    _check_old(repository, moves)
    for name, (old, new) in moves.items():
        if new is not None:
            transaction.set_target(name, new)
        elif old is not None:
            transaction.remove(name)


def _retrying(action: Callable[[], _T], repository: pygit2.Repository, what: str) -> _T:
    deadline = time.monotonic() + _RETRY_SECONDS
    pause = 0.001
    while True:
        try:
            return action()
        except (pygit2.GitError, OSError, KeyError) as error:
            if not _is_locked(error) or time.monotonic() > deadline:
                raise GitError(
                    f"{what} can not be written in {repository.path}: {error}",
                    hint="make room on the disk; evogit doctor lists locks whose owner is gone",
                ) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, 0.1)


def _is_locked(error: Exception) -> bool:
    if isinstance(error, pygit2.GitError):
        # libgit2 gives no code for "locked"; its own message is all there is.
        return "lock" in str(error)
    # A folder that vanished was empty and somebody else's ref went with it: it is made again.
    return isinstance(error, FileExistsError | FileNotFoundError)


def remove_stale_locks(git_dir: Path, names: list[str]) -> list[str]:
    """Remove left-over ``.lock`` files of refs the caller owns; returns the refs that had one.

    Only the owner may call this, after its earlier process is certainly gone: a ref has exactly
    one owner, so a lock on it can only be the dead owner's.
    """
    healed: list[str] = []
    for name in names:
        lock = git_dir / (name + ".lock")
        try:
            lock.unlink()
        except FileNotFoundError:
            continue
        healed.append(name)
    return healed


def locks(git_dir: Path) -> list[Path]:
    """Every ``*.lock`` file below refs/ and beside packed-refs, oldest first."""
    found = [path for path in (git_dir / "refs").rglob("*.lock") if path.is_file()]
    packed = git_dir / "packed-refs.lock"
    if packed.exists():
        found.append(packed)
    return sorted(found, key=_age)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
