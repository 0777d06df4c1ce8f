"""Journals: append-only chains of commits, one writer each.

An entry's first parent is the previous entry, further parents are the individuals it keeps alive,
its tree holds artefacts, its message a subject and one JSON record. An append is acknowledged only
when everything it names is durable. Entries that arrive while a round of syncing is under way
share the next one (group commit), so many agents cost little more than one.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import pygit2

from evogit.errors import EvoGitError, InternalError, UserError
from evogit.git.repository import GitRepository
from evogit.git.trees import FILE, Entry
from evogit.ids import JOURNALS, CommitId, checked_name
from evogit.records import Record, dump, load
from evogit.redact import PLAIN, Redactor
from evogit.text import clean_line

MAX_ARTEFACT: Final = 256 * 1024
_MAX_ROUND: Final = 256
_CUT: Final = b"\n[cut here: the artefact was larger]\n"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry as read back; ``record`` is ``None`` if it can not be read."""

    id: CommitId
    subject: str
    record: Record | None
    keeps: tuple[CommitId, ...]


@dataclass(slots=True)
class _Pending:
    message: str
    time: int
    keep: Sequence[CommitId]
    artefacts: Mapping[str, bytes]
    done: Future[CommitId] = field(default_factory=Future[CommitId])


class Journal:
    """The one writer of a journal. Any number of threads may append; order is order of arrival.

    The caller holds the identity (``identity.py``) that owns the journal for as long as this lives.

    Args:
        git: the swarm repository.
        writer: a worker's or a person's name.
        redactor: takes secrets out of records, subjects and artefacts before they are written.
    """

    def __init__(self, git: GitRepository, writer: str, redactor: Redactor = PLAIN) -> None:
        self._git = git
        self.writer = writer
        self._redactor = redactor
        self.ref = JOURNALS + checked_name(writer, "writer")
        self._tip = git.ref(self.ref) or self._start()
        self._empty = git.build_tree([])
        self._queue: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"journal {writer}", daemon=True)
        self._thread.start()

    def append(
        self,
        record: Record,
        *,
        subject: str = "",
        keep: Sequence[CommitId] = (),
        artefacts: Mapping[str, bytes] | None = None,
    ) -> Future[CommitId]:
        """Queue one entry; the future yields its id once it is durable: only then is it acknowledged.

        Artefacts over 256 KiB are cut and say so. The future raises ``OSError`` or ``GitError``
        when the entry could not be made durable (a full disk): it was then not acknowledged, and
        later appends may succeed again.
        """
        if self._closed:
            raise InternalError(f"journal {self.writer} is closed")
        headline = clean_line(self._redactor.text(subject or record.kind), 120)
        message = f"{headline}\n\n{_redacted(dump(record), self._redactor)}\n"
        # Before they are cut: half a secret would no longer look like one.
        texts = {name: self._redactor.data(data) for name, data in (artefacts or {}).items()}
        pending = _Pending(message, int(record.time), keep, texts)
        self._queue.put(pending)
        return pending.done

    def close(self) -> None:
        """Make everything queued durable and end. Idempotent."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _start(self) -> CommitId:
        empty = self._git.build_tree([])
        root = self._git.write_commit(
            empty, [], f"evogit journal {self.writer}\n", author=self.writer, time=0
        )
        self._git.move_ref(self.ref, old=None, new=root)
        return root

    def _run(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._next_round()
            if batch:
                self._commit_round(batch)

    def _next_round(self) -> tuple[list[_Pending], bool]:
        batch: list[_Pending] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= _MAX_ROUND or self._queue.empty():
                return batch, True
            item = self._queue.get()
        return batch, False

    def _commit_round(self, batch: list[_Pending]) -> None:
        try:
            ids = self._write(batch)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear of it
            self._look_again()
            for pending in batch:
                pending.done.set_exception(error)
            return
        for pending, entry in zip(batch, ids, strict=True):
            pending.done.set_result(entry)

    def _look_again(self) -> None:
        """After a failure the ref may have moved all the same: when only syncing it failed."""
        with contextlib.suppress(OSError, pygit2.GitError, EvoGitError):
            self._tip = self._git.ref(self.ref) or self._tip

    def _write(self, batch: list[_Pending]) -> list[CommitId]:
        tip, ids = self._tip, list[CommitId]()
        for pending in batch:
            tip = self._write_entry(tip, pending)
            ids.append(tip)
        self._git.move_ref(self.ref, old=self._tip, new=tip)
        self._tip = tip
        return ids

    def _write_entry(self, previous: CommitId, pending: _Pending) -> CommitId:
        tree = self._empty
        if pending.artefacts:
            blobs = {
                name: self._git.write_blob(_bounded(data))
                for name, data in pending.artefacts.items()
            }
            tree = self._git.build_tree((name, Entry(FILE, blob)) for name, blob in blobs.items())
        keep = [commit for commit in dict.fromkeys(pending.keep) if commit != previous]
        return self._git.write_commit(
            tree, [previous, *keep], pending.message, author=self.writer, time=pending.time
        )


def _redacted(text: str, redactor: Redactor) -> str:
    """A record's JSON without secrets; looked for in its values, for JSON escapes quotes."""
    value: object = json.loads(text)
    struck = redactor.json(value)
    if struck is value:
        return text
    return json.dumps(struck, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _bounded(data: bytes) -> bytes:
    return data if len(data) <= MAX_ARTEFACT else data[: MAX_ARTEFACT - len(_CUT)] + _CUT


def read_entry(git: GitRepository, entry: CommitId) -> JournalEntry:
    """Read one journal entry, ours or a stranger's.

    Raises:
        NotFoundError: there is no such commit.
    """
    commit = git.commit(entry)
    return JournalEntry(
        entry,
        clean_line(commit.message.split("\n", 1)[0]),
        parse(commit.message),
        commit.parents[1:],
    )


def parse(message: str) -> Record | None:
    """The record in a journal entry's message; ``None`` if there is none that can be read."""
    try:
        return load(message.rstrip("\n").rsplit("\n", 1)[-1])
    except UserError:
        return None


def entries(
    git: GitRepository, tip: CommitId, stop: CommitId | None = None
) -> Iterator[JournalEntry]:
    """Entries from ``tip`` back to (without) ``stop`` or the journal's root, newest first."""
    current = tip
    while current != stop:
        commit = git.commit(current)
        if not commit.parents:
            return
        yield JournalEntry(
            current,
            clean_line(commit.message.split("\n", 1)[0]),
            parse(commit.message),
            commit.parents[1:],
        )
        current = commit.parents[0]


def artefacts(git: GitRepository, entry: CommitId) -> dict[str, bytes]:
    """The artefacts of an entry by name, each at most 256 KiB."""
    files = git.files(git.commit(entry).tree)
    return {path: git.read_blob(file.blob, MAX_ARTEFACT) for path, file in files.items()}
