"""Claims: of any number of workers, exactly one does a job.

A claim is a ref whose target is a blob holding the owner's name, taken in a ref transaction. A
claim whose owner is dead (its identity is free) passes to the next who asks, by compare-and-swap.
Claims are local to one clone; two hosts may do the same job, and their journals then agree.

Claim refs are written under one file lock, which the kernel releases however its holder dies. So
a ``.lock`` file beside a claim, seen by whoever holds it, was left by a dead process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from evogit.errors import ConflictError
from evogit.git.refs import remove_stale_locks
from evogit.git.repository import GitRepository
from evogit.ids import CLAIMS, BlobId, CommitId
from evogit.swarm.identity import identities, is_alive


class Claims:
    """Claims of one owner. Thread-safe. Making one removes what a crash left unreadable.

    Args:
        git: the swarm repository.
        owner: the identity this process holds.
    """

    def __init__(self, git: GitRepository, owner: str) -> None:
        self._git = git
        self._owner = owner
        self._turns = identities(git).parent / "claims.lock"
        self._mark = CommitId(git.write_blob(owner.encode()))
        # After a power cut a ref may be there without its object, which stops every git command.
        git.sync()
        with self._turn():
            _remove_damaged(git)

    def take(self, job: str) -> bool:
        """Whether the job named ``job`` is now ours alone; false if a living owner has it.

        Not durable on purpose: a claim must not outlive a crash of the machine.
        """
        ref = _ref(job)
        if self._is_held(self._git.ref(ref)):
            return False
        with self._turn():
            remove_stale_locks(self._git.path, [ref])
            holder = self._git.ref(ref)
            if self._is_held(holder):
                return False
            self._git.move_refs({ref: (holder, self._mark)}, durable=False)
        return True

    def release(self, job: str) -> None:
        """Give a job back. No error if it is not ours any more."""
        self._drop(_ref(job))

    def drop_left_over(self) -> int:
        """Release what an earlier process of the same owner held; returns how many claims."""
        mine = [ref for ref, mark in self._git.refs_under(CLAIMS).items() if mark == self._mark]
        for ref in mine:
            self._drop(ref)
        return len(mine)

    def _drop(self, ref: str) -> None:
        with self._turn():
            remove_stale_locks(self._git.path, [ref])
            try:
                self._git.move_refs({ref: (self._mark, None)}, durable=False)
            except ConflictError:
                return

    def _is_held(self, holder: CommitId | None) -> bool:
        if holder is None:
            return False
        return holder == self._mark or is_alive(self._git, self._name(holder))

    def _name(self, mark: CommitId) -> str:
        return self._git.read_blob(BlobId(mark), 100).decode("ascii", "replace")

    @contextmanager
    def _turn(self) -> Generator[None]:
        descriptor = os.open(self._turns, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _remove_damaged(git: GitRepository) -> None:
    """Remove locks of the dead, and claims that a power cut left empty or without an object."""
    folder = git.path / CLAIMS.rstrip("/")
    for path in folder.iterdir() if folder.exists() else ():
        if path.suffix == ".lock" or not _is_sound(git, path):
            path.unlink()


def _is_sound(git: GitRepository, claim: Path) -> bool:
    target = claim.read_bytes()[:100].decode("ascii", "replace").strip()
    return git.has(target)


def _ref(job: str) -> str:
    return CLAIMS + hashlib.sha256(job.encode()).hexdigest()[:40]
