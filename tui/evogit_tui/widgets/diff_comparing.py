"""One comparison: which two individuals, how, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit_tui.model import Model
from evogit_tui.widgets.diff_reading import (
    MAX_COUNTED,
    MAX_LINES,
    Block,
    Change,
    Reading,
    counted,
    list_changes,
    read_block,
)

SIDES: Final = ("parent 1", "parent 2", "best", "base", "marked")
"""What an individual can be compared with, in the order in which a key goes through them."""


@dataclass(frozen=True, slots=True)
class Side:
    """What an individual is compared with."""

    name: str
    row: int


def sides(model: Model, row: int) -> list[Side]:
    """What individual ``row`` can be compared with: its parents, the best, the base, a marked one."""
    phylogeny, facts = model.phylogeny, model.facts
    parents = phylogeny.parents(row)
    best = None if facts is None else facts.best
    marked = next((m for m in map(model.row, reversed(model.marks)) if m not in {None, row}), None)
    rows = (*(*parents, None, None)[:2], best, 0, marked)
    return [
        Side(name, other)
        for name, other in zip(SIDES, rows, strict=True)
        if other is not None and other != row
    ]


@dataclass(frozen=True, slots=True)
class Request:
    """What to compare."""

    commit: CommitId
    """The individual; ``new`` is its tree."""
    old: TreeId
    new: TreeId
    side: str
    other: CommitId
    how: Reading


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs. ``total`` counts all changed files, also those left out of ``blocks``."""

    request: Request
    blocks: tuple[Block, ...]
    total: int

    @property
    def added(self) -> int:
        """Lines added in the files that were counted."""
        return sum(block.change.added or 0 for block in self.blocks)

    @property
    def removed(self) -> int:
        """Lines removed in the files that were counted."""
        return sum(block.change.removed or 0 for block in self.blocks)


def request(model: Model, row: int, side: Side, how: Reading) -> Request:
    """The comparison of individual ``row`` with one side."""
    phylogeny = model.phylogeny
    return Request(
        commit=phylogeny.commit(row),
        old=phylogeny.tree(side.row),
        new=phylogeny.tree(row),
        side=side.name,
        other=phylogeny.commit(side.row),
        how=how,
    )


def compare(git: GitRepository, asked: Request, cancelled: Callable[[], bool]) -> Comparison | None:
    """Compare: the first files with their lines, further ones counted; ``None`` if cancelled.

    Raises:
        EvoGitError: git can not compare them.
    """
    changes, total = list_changes(git, asked.old, asked.new)
    blocks: list[Block] = []
    left = MAX_LINES
    for number, change in enumerate(changes):
        if cancelled():
            return None
        block = _block(git, change, asked.how, left, count=number < MAX_COUNTED)
        left -= len(block.rows or ())
        blocks.append(block)
    return Comparison(asked, tuple(blocks), total)


def _block(git: GitRepository, change: Change, how: Reading, left: int, *, count: bool) -> Block:
    if not count:
        return Block(change)
    known = counted(git, change, how)
    lines = (known.added or 0) + (known.removed or 0)
    if left <= 0 or (lines > left and left < MAX_LINES):
        return Block(known)
    return read_block(git, known, how, MAX_LINES)


def with_block(found: Comparison, number: int, block: Block) -> Comparison:
    """The comparison with one file read anew."""
    blocks: Sequence[Block] = found.blocks
    return Comparison(found.request, (*blocks[:number], block, *blocks[number + 1 :]), found.total)
