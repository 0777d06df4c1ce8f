"""Whether an offspring says anything that its relatives or the newest individuals do not.

An evaluation is worth more than a look: offspring that differ from a judged individual only in
comments, layout or names of locals, or in how declared functions come to the same answers, are not
judged again. Patch ids would not do: they ignore
indentation, so in Python they take two different programs for one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Final

from evogit.config.functions import Function
from evogit.genome.fingerprint import Fingerprint, Fingerprints
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.sizes import growth

NEWEST: Final = 1000
"""So many of the newest individuals an offspring is compared with, besides its relatives."""
SIBLINGS: Final = 200
"""So many of each parent's newest offspring."""
SAID_BEFORE: Final = "it differs in comments, layout or names of locals alone"
ANSWERED_BEFORE: Final = "it differs in nothing that changes its declared functions' answers"
_KEPT: Final = 20_000


class Novelty:
    """Finds the judged individual that an offspring repeats. Thread-safe.

    The answer depends on the repository alone; fingerprints are computed when first needed.

    Args:
        git: the swarm repository.
        phylogeny: who was judged and how.
        gates: the spec has gates. They may judge what a fingerprint leaves out, such as formatting,
            so with gates only individuals with a score count.
        functions: those of numbers whose inputs are declared.

    ``reason`` says in words what two that say the same may differ in.
    """

    def __init__(
        self,
        git: GitRepository,
        phylogeny: Phylogeny,
        *,
        gates: bool,
        functions: Sequence[Function] = (),
    ) -> None:
        self._git = git
        self._phylogeny = phylogeny
        self._declared = bool(functions)
        self._counted = ("scored", "held") if gates else ("scored", "held", "failed")
        self._fingerprints = Fingerprints(git, phylogeny.tree(0), functions)
        self.reason = ANSWERED_BEFORE if functions else SAID_BEFORE
        self._known: dict[TreeId, Fingerprint] = {}
        self._rows: dict[Fingerprint, list[int]] = {}
        self._read = 0
        self._lock = threading.RLock()

    def twin(self, tree: TreeId, parents: Sequence[CommitId]) -> int | None:
        """The judged individual that says the same as ``tree``, relatives first; else ``None``.

        A shorter way to its parent's answers is news: strategies keep it for its brevity.

        Raises:
            KeyError: the tree is not in the repository.
        """
        wanted = self._of(tree)
        if self._shortens(tree, wanted, parents):
            return None
        for row in self._relatives(parents):
            if self._repeats(row, wanted):
                return row
        return self._newest(wanted)

    def _shortens(self, tree: TreeId, wanted: Fingerprint, parents: Sequence[CommitId]) -> bool:
        """Whether it answers as its parent does with less code. The base is not whittled down."""
        row = self._phylogeny.index(parents[0]) if parents else 0
        if not self._declared or not row:
            return False
        parent = self._phylogeny.tree(row)
        return self._of(parent) == wanted and growth(self._git, parent, tree) < 0

    def _repeats(self, row: int, wanted: Fingerprint) -> bool:
        return self._of(self._phylogeny.tree(row)) == wanted and self._counts(row)

    def _counts(self, row: int) -> bool:
        return self._phylogeny.standing(row) in self._counted

    def _relatives(self, parents: Sequence[CommitId]) -> Iterator[int]:
        rows = [self._phylogeny.index(parent) for parent in parents]
        yield from rows
        for row in rows:
            yield from self._phylogeny.children(row)[-SIBLINGS:]

    def _newest(self, wanted: Fingerprint) -> int | None:
        last = len(self._phylogeny)
        first = max(last - NEWEST, 0)
        with self._lock:
            for row in range(max(self._read, first), last):
                self._rows.setdefault(self._of(self._phylogeny.tree(row)), []).append(row)
            self._read = max(self._read, last)
            found = [row for row in self._rows.get(wanted, ()) if row >= first]
        return next(filter(self._counts, found), None)

    def _of(self, tree: TreeId) -> Fingerprint:
        found = self._known.get(tree)
        if found is None:
            found = self._fingerprints.of(tree)
            with self._lock:
                if len(self._known) >= _KEPT:
                    del self._known[next(iter(self._known))]
                self._known[tree] = found
        return found
