"""Which files two lineages both changed, and whether a merge of them would conflict."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from evogit.errors import EvoGitError
from evogit.git.merge import merge
from evogit.git.repository import GitRepository
from evogit.git.trees import changed
from evogit.ids import CommitId
from evogit.phylogeny.index import Phylogeny

_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a merge of two individuals meets.

    Args:
        related: whether one descends from the other, so that there is nothing to merge.
        files: what both changed since their merge base, sorted.
        conflicts: files in which a three-way merge from that base conflicts.
        trouble: why it could not be found out; else empty.
    """

    related: bool = False
    files: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    trouble: str = ""


class Overlaps:
    """Overlaps of pairs, remembered. Thread-safe; at worst a pair is looked up twice.

    Args:
        git: the swarm repository; merged files are written to it, no ref is moved.
        phylogeny: chooses the merge base.
    """

    def __init__(self, git: GitRepository, phylogeny: Phylogeny) -> None:
        self._git = git
        self.phylogeny = phylogeny
        self._known: OrderedDict[tuple[CommitId, CommitId], Overlap] = OrderedDict()

    def known(self, a: CommitId, b: CommitId) -> Overlap | None:
        """What was found earlier."""
        return self._known.get(_pair(a, b))

    def find(self, a: CommitId, b: CommitId) -> Overlap:
        """What a merge of two individuals meets; milliseconds, unless both changed a lot."""
        pair = _pair(a, b)
        found = self._known.get(pair)
        if found is None:
            found = self._known[pair] = self._look(*pair)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def _look(self, a: CommitId, b: CommitId) -> Overlap:
        phylogeny, git = self.phylogeny, self._git
        ours, theirs = phylogeny.index(a), phylogeny.index(b)
        base = phylogeny.merge_base(ours, theirs)
        if base in (ours, theirs):
            return Overlap(related=True)
        trees = [phylogeny.tree(row) for row in (base, ours, theirs)]
        try:
            sides = [set(changed(git.handle, trees[0], side)) for side in trees[1:]]
            files = tuple(sorted(sides[0] & sides[1]))
            if not files:
                return Overlap()
            conflicts = merge(git, *trees).conflicts
        except (EvoGitError, OSError) as error:
            return Overlap(trouble=str(error))
        return Overlap(files=files, conflicts=tuple(sorted(c.path for c in conflicts)))


def _pair(a: CommitId, b: CommitId) -> tuple[CommitId, CommitId]:
    return (a, b) if a <= b else (b, a)
