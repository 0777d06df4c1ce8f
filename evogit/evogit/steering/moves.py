"""Ref moves of a decision: made, answered by their opposite, finished after a kill.

The order is that of a write-ahead log. A note says that a decision is under way; the decision, with
the old and new id of every ref, becomes durable; the refs move by compare-and-swap; the note goes.
After a kill in between, the same person's next decision finds the note and completes the moves in the
swarm's repository, or, if somebody moved a ref meanwhile, records an undo. A branch of the user's
repository is never moved later behind their back: if it had not moved yet, the promotion is undone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from evogit.errors import ConflictError, GitError, PreconditionError
from evogit.git.refs import remove_stale_locks
from evogit.git.repository import GitRepository
from evogit.ids import SPEC_REF, TAGS, CommitId, is_object_id
from evogit.records import Decision, Move
from evogit.source import Source
from evogit.steering import target
from evogit.steering.state import USER
from evogit.swarm.journal import read_entry
from evogit.swarm.spec_join import repeat_change


class Mover:
    """Moves refs of the swarm's and the user's repository.

    Args:
        git: the swarm repository.
        source: finds the user's repository; called only when a move is there.
        notes: folder of the notes about unfinished decisions.
    """

    def __init__(self, git: GitRepository, source: Callable[[], Source], notes: Path) -> None:
        self._git = git
        self._source = source
        self._notes = notes

    def read(self, ref: str) -> CommitId | None:
        """Where a ref of either repository is."""
        if ref.startswith(USER):
            return target.read_branch(self._source(), ref.removeprefix(USER))
        return self._git.ref(ref)

    def make(self, moves: Sequence[Move], reason: str) -> None:
        """Make the moves; those in the swarm repository are checked together before any is made.

        Raises:
            ConflictError: a ref is not at its old id.
            PreconditionError: a branch of the user's repository is checked out.
        """
        ours = {m.ref: (m.old, m.new) for m in moves if not m.ref.startswith(USER)}
        if ours:
            self._git.move_refs(ours)
        for move in moves:
            if move.ref.startswith(USER):
                ref = move.ref.removeprefix(USER)
                target.move_branch(self._source(), ref, move.old, move.new, f"evogit: {reason}")

    def repeat(self, answer: Decision, moves: Sequence[Move]) -> tuple[Move, ...]:
        """The moves by which ``answer`` does ``moves`` once more; raises as ``reverse`` does."""
        again = (self._again(answer, move.ref, move.old, move.new) for move in moves)
        return tuple(move for move in again if move is not None)

    def reverse(self, answer: Decision, moves: Sequence[Move]) -> tuple[Move, ...]:
        """The moves by which ``answer`` takes ``moves`` back.

        Raises:
            PreconditionError: a ref is not where they left it, or a branch is checked out; of the
                spec, a setting that they changed was changed again.
        """
        back = (self._again(answer, move.ref, move.new, move.old) for move in reversed(moves))
        return tuple(move for move in back if move is not None)

    def _again(
        self, answer: Decision, ref: str, old: CommitId | None, new: CommitId | None
    ) -> Move | None:
        now = self.read(ref)
        if ref.startswith(TAGS) and now is None and new is None:
            return None  # set on another host: what is decided of it is enough
        if ref == SPEC_REF and now is not None and old is not None and new is not None:
            return self._respecify(answer, now, old, new)
        if now == new and ref.startswith(USER):
            return None  # somebody did it by hand
        if now != old:
            raise _moved_since(ref, now, old)
        if ref.startswith(USER):
            target.check_movable(self._source(), ref.removeprefix(USER), new)
        return Move(ref, old, new)

    def _respecify(self, answer: Decision, now: CommitId, old: CommitId, new: CommitId) -> Move:
        """History of the spec is never rewritten: a further version changes what ``new`` changed.

        What else humans changed meanwhile, here or on other hosts, stays.
        """
        made = self._git.write_commit(
            repeat_change(self._git, now, old, new),
            [now],
            f"spec: {answer.verb}, as in {new[:12]}\n",
            author=answer.by,
            time=int(answer.time),
        )
        return Move(SPEC_REF, now, made)

    # ------------------------------------------------------------------ after a kill

    def note(self, writer: str, tip: CommitId) -> None:
        """Note durably that ``writer``, whose journal is at ``tip``, is about to decide."""
        self._notes.mkdir(parents=True, exist_ok=True)
        path = self._notes / writer
        with path.open("w", encoding="ascii") as file:
            file.write(tip)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self._notes)

    def any_left(self) -> bool:
        """Whether anybody of this clone is deciding now, or was killed while doing so."""
        return self._notes.is_dir() and any(self._notes.iterdir())

    def left_over(self, writer: str, tip: CommitId) -> Decision | None:
        """The decision at ``tip`` if ``writer`` was killed while carrying it out.

        Only that one can be unfinished: whoever decides next asks here first.
        """
        path = self._notes / writer
        try:
            before = path.read_text("ascii", "replace")
        except FileNotFoundError:
            return None
        if not is_object_id(before) or self._git.commit(tip).parents[:1] != (before,):
            return None
        record = read_entry(self._git, tip).record
        return record if isinstance(record, Decision) else None

    def forget(self, writer: str) -> None:
        """Remove the note of ``writer``: nothing is unfinished any more."""
        (self._notes / writer).unlink(missing_ok=True)

    def finish(self, decision: Decision) -> bool:
        """Complete the moves of an unfinished decision; whether all its refs are at their new ids."""
        done = True
        for move in decision.moves:
            done = self._finish(move) and done
        return done

    def _finish(self, move: Move) -> bool:
        try:
            now = self.read(move.ref)
        except PreconditionError:  # the user's repository is gone
            return False
        if now == move.old and not move.ref.startswith(USER):
            try:
                self._complete(move)
            except ConflictError:
                return False
            return True
        return now == move.new

    def _complete(self, move: Move) -> None:
        wanted = {move.ref: (move.old, move.new)}
        try:
            self._git.move_refs(wanted)
        except GitError:
            # The lock outlived ten seconds of asking, so its process was killed: ours.
            remove_stale_locks(self._git.path, [move.ref])
            self._git.move_refs(wanted)


def _moved_since(ref: str, now: CommitId | None, old: CommitId | None) -> PreconditionError:
    name = ref.removeprefix(USER)
    return PreconditionError(
        f"{name} was moved since: it is at {(now or 'nothing')[:12]}, not at {(old or 'nothing')[:12]}",
        hint="undo the later change first, or decide anew",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
