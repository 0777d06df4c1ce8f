"""Which commits are journal entries, and which journals are to be believed.

A journal is a first-parent chain down to an orphan whose message is ``evogit journal <writer>``;
the refs of a writer on this host and in copies of other hosts are the same journal. It only ever
grows at its end. A ref that says otherwise (rewritten, rewound, forked, another writer's chain)
is refused: what it adds is not read, what was read before stays, and the problem is reported.
"""

from __future__ import annotations

from typing import Final

from evogit.errors import UserError
from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import Row
from evogit.phylogeny.messages import record_of
from evogit.phylogeny.quick import row_from
from evogit.phylogeny.reading import Raw
from evogit.records import NEWER

_ROOT: Final = "evogit journal "
Entry = tuple[bytes, int, Row]
"""Id of an accepted entry, its place in its journal, what the ledger keeps of its record."""
_Staged = tuple[bytes | None, Row | None, str]
"""Previous entry, row, and what is wrong with it (for a root: its writer). A plain tuple: there
are hundreds of thousands when a big swarm is read anew, and the collector skips these."""


class Journals:
    """Heads of the accepted journals, and the entries of one refresh until they are accepted."""

    def __init__(self) -> None:
        self.heads: dict[str, bytes] = {}
        self.lengths: dict[str, int] = {}
        self.entries = bytearray()
        self.newer: dict[str, bytes] = {}
        """Of each writer the first entry that a newer EvoGit wrote, if there is one."""
        self._staged: dict[bytes, _Staged] = {}
        self._head_ids: set[bytes] = set()
        self._names: set[bytes] | None = None

    def restore(self, heads: dict[str, bytes], lengths: dict[str, int], entries: bytes) -> None:
        """Put back what a cache kept."""
        self.heads, self.lengths, self.entries = heads, lengths, bytearray(entries)
        self._head_ids = set(heads.values())
        self._names = None

    def offset(self, name: bytes) -> int:
        """Where an accepted entry stands among all of them, or -1.

        New tips are asked about for every candidate and are never there: that is looked up. Where
        an old one stands is asked only about copies and oddities: that is a scan.
        """
        if name not in self._all():
            return -1
        at = self.entries.find(name)
        while at >= 0 and at % ID_BYTES:
            at = self.entries.find(name, at + 1)
        return at

    def _all(self) -> set[bytes]:
        """Every accepted entry; made when first asked for, so that opening a cache is quick."""
        if self._names is None:
            block = bytes(self.entries)
            self._names = {block[at : at + ID_BYTES] for at in range(0, len(block), ID_BYTES)}
        return self._names

    def take(self, raw: Raw) -> bool:
        """Keep ``raw`` until ``accept`` if it is a journal entry or root; otherwise say no."""
        name, _, parents, _, message = raw
        if not parents:
            if not message.startswith(_ROOT):
                return False
            self._staged[name] = (None, None, message[len(_ROOT) :].strip()[:100])
            return True
        first = parents[0]
        if first not in self._staged and first not in self._head_ids and self.offset(first) < 0:
            return False
        try:
            self._staged[name] = (first, row_from(record_of(message)), "")
        except (UserError, ValueError) as error:
            self._staged[name] = (first, None, str(error))
        return True

    def known(self, name: bytes) -> bool:
        """Whether it is the newest entry of an accepted journal."""
        return name in self._head_ids

    def rewound(self, tip: bytes, before: bytes | None) -> bool:
        """Whether a ref that was at ``before`` and is now at ``tip`` went back in its journal."""
        return before is not None and 0 <= self.offset(tip) < self.offset(before)

    def accept(self, writer: str, tip: bytes) -> tuple[list[Entry], list[str]]:
        """The new entries of one writer up to ``tip``, oldest first, and what is wrong.

        Accepted entries whose record can not be read are left out and reported.
        """
        head = self.heads.get(writer)
        if tip == head or (head is not None and self.offset(tip) >= 0):
            return [], []
        chain = self._chain(tip, head)
        if chain is None:
            return [], [f"journal {writer} does not continue what was read of it, or is none"]
        previous, _, owner = self._staged[chain[-1]]
        if previous is None and owner != writer:
            return [], [f"journal {writer} is a copy of the journal of {owner[:40]!r}"]
        return self._append(writer, chain[::-1])

    def _chain(self, tip: bytes, head: bytes | None) -> list[bytes] | None:
        chain: list[bytes] = []
        at: bytes | None = tip
        while at is not None and at != head:
            staged = self._staged.get(at)
            if staged is None:
                return None
            chain.append(at)
            at = staged[0]
        return chain if at == head else None

    def _append(self, writer: str, chain: list[bytes]) -> tuple[list[Entry], list[str]]:
        accepted: list[Entry] = []
        problems: list[str] = []
        length = self.lengths.get(writer, 0)
        for place, name in enumerate(chain, start=length):
            previous, row, problem = self._staged[name]
            if row is not None:
                accepted.append((name, place, row))
            elif previous is not None and problem:
                problems.append(f"journal {writer}, entry {name.hex()}: {problem}")
                if problem.startswith(NEWER):
                    self.newer.setdefault(writer, name)
        self.entries += b"".join(chain)
        if self._names is not None:
            self._names.update(chain)
        self.lengths[writer] = length + len(chain)
        self._head_ids.discard(self.heads.get(writer, b""))
        self.heads[writer] = chain[-1]
        self._head_ids.add(chain[-1])
        return accepted, problems

    def forget_staged(self) -> None:
        """Drop what was taken and not accepted."""
        self._staged = {}
