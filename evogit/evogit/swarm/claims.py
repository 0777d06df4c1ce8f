"""Claims: of any number of workers, exactly one does a job.

A claim is a ref whose target is a blob holding the owner's name, taken in a ref transaction. A
claim whose owner is dead (its identity is free) passes to the next who asks, by compare-and-swap.
Claims are local to one clone; two hosts may do the same job, and their journals then agree.
"""

from __future__ import annotations

import hashlib

from evogit.errors import ConflictError
from evogit.git.repository import GitRepository
from evogit.ids import CLAIMS, BlobId, CommitId
from evogit.swarm.identity import is_alive


class Claims:
    """Claims of one owner. Thread-safe.

    Args:
        git: the swarm repository.
        owner: the identity this process holds.
    """

    def __init__(self, git: GitRepository, owner: str) -> None:
        self._git = git
        self._owner = owner
        self._mark = CommitId(git.write_blob(owner.encode()))

    def take(self, job: str) -> bool:
        """Whether the job named ``job`` is now ours alone; false if a living owner has it.

        Not durable on purpose: a claim must not outlive a crash of the machine.
        """
        ref = _ref(job)
        holder = self._git.ref(ref)
        if holder is not None and (holder == self._mark or is_alive(self._git, self._name(holder))):
            return False
        try:
            self._git.move_refs({ref: (holder, self._mark)}, durable=False)
        except ConflictError:
            return False
        return True

    def release(self, job: str) -> None:
        """Give a job back. No error if it is not ours any more."""
        try:
            self._git.move_refs({_ref(job): (self._mark, None)}, durable=False)
        except ConflictError:
            return

    def drop_left_over(self) -> int:
        """Release what an earlier process of the same owner held; returns how many claims."""
        mine = [ref for ref, mark in self._git.refs_under(CLAIMS).items() if mark == self._mark]
        for ref in mine:
            self._git.move_refs({ref: (self._mark, None)}, durable=False)
        return len(mine)

    def _name(self, mark: CommitId) -> str:
        return self._git.read_blob(BlobId(mark), 100).decode("ascii", "replace")


def _ref(job: str) -> str:
    return CLAIMS + hashlib.sha256(job.encode()).hexdigest()[:40]
