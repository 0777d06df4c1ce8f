"""The newest records of all journals as one sequence: what happened, newest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from evogit.errors import UserError
from evogit.git.repository import GitRepository
from evogit.ids import CommitId
from evogit.phylogeny.believed import shown
from evogit.phylogeny.messages import record_of
from evogit.phylogeny.reading import read_commit
from evogit.records import Record, load

LIMIT: Final = 2000


@dataclass(frozen=True, slots=True)
class Happening:
    """One journal entry that can be read."""

    entry: CommitId
    writer: str
    record: Record

    @property
    def order(self) -> tuple[float, str]:
        """What happenings are sorted by: wall-clock time, then id."""
        return self.record.time, self.entry


class Tail:
    """The newest entries of all journals. One thread at a time may call ``follow``.

    Args:
        git: the swarm repository.
        limit: how many entries are kept.
    """

    def __init__(self, git: GitRepository, limit: int = LIMIT) -> None:
        self._git = git
        self._limit = limit
        self._heads: dict[str, CommitId] = {}
        self.newest: tuple[Happening, ...] = ()
        """Newest first; replaced as a whole, so that another thread may read it at any time."""

    def follow(self, heads: Mapping[str, CommitId]) -> bool:
        """Read what the journals gained; true if that is anything.

        Args:
            heads: the newest entry of every writer's journal. One that moved must have moved
                forward, as accepted journals do.
        """
        moved = {writer: tip for writer, tip in heads.items() if self._heads.get(writer) != tip}
        if not moved:
            return False
        chains = [self._chain(writer, tip) for writer, tip in moved.items()]
        merged = heapq.merge(*chains, key=_order, reverse=True)
        found = list(islice(merged, self._limit))
        self._heads.update(moved)
        both = sorted([*found, *self.newest], key=_order, reverse=True)
        self.newest = tuple(both[: self._limit])
        return bool(found)

    def _chain(self, writer: str, tip: CommitId) -> Iterator[Happening]:
        """A journal's new entries, newest first; those that can not be read are left out."""
        stop = self._heads.get(writer)
        current: str | None = tip
        while current is not None and current != stop:
            raw = read_commit(self._git, bytes.fromhex(current))
            if raw is None:
                return
            record = _record(raw[4])
            if record is not None:
                yield Happening(CommitId(current), writer, shown(writer, record))
            current = raw[2][0].hex() if raw[2] else None


def _record(message: str) -> Record | None:
    try:
        return load(record_of(message))
    except (UserError, ValueError):
        return None


def _order(happening: Happening) -> tuple[float, str]:
    return happening.order
