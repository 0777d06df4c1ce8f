"""Questions about descent, answered from the columns without asking git.

Generation numbers (0 for the base, else one more than the highest parent's) let a search stop
early: nothing is an ancestor of anything of a lower or equal generation.
"""

from __future__ import annotations

import heapq
from array import array

from evogit.phylogeny.individuals import Individuals

_A = 1
_B = 2


def ancestors(table: Individuals, row: int) -> set[int]:
    """All proper ancestors of ``row``, back to the base."""
    seen: set[int] = set()
    stack = [row]
    while stack:
        for parent in table.parents(stack.pop()):
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen


def is_ancestor(table: Individuals, older: int, newer: int) -> bool:
    """Whether ``older`` is ``newer`` or one of its ancestors, as in ``git merge-base --is-ancestor``."""
    floor = table.generations[older]
    seen = {newer}
    stack = [newer]
    while stack:
        row = stack.pop()
        if row == older:
            return True
        for parent in table.parents(row):
            if parent not in seen and table.generations[parent] >= floor:
                seen.add(parent)
                stack.append(parent)
    return False


def merge_base(table: Individuals, a: int, b: int) -> int:
    """The one common ancestor of the highest generation; of several, that of the lowest row.

    No other common ancestor descends from it, because it would have a higher generation. A heap by
    generation visits every descendant of a row before the row itself, so its marks are complete
    when it is reached.
    """
    marks = {a: _A}
    marks[b] = marks.get(b, 0) | _B
    generations = table.generations
    heap = [(-generations[row], row) for row in marks]
    heapq.heapify(heap)
    while heap:
        _, row = heapq.heappop(heap)
        mark = marks.pop(row)
        if mark == _A | _B:
            return row
        for parent in table.parents(row):
            if parent not in marks:
                heapq.heappush(heap, (-generations[parent], parent))
                marks[parent] = 0
            marks[parent] |= mark
    return 0


def lineage(table: Individuals, row: int) -> list[int]:
    """The first-parent chain from ``row`` back to the base, newest first."""
    chain = [row]
    while row:
        row = table.parents(row)[0]
        chain.append(row)
    return chain


class Children:
    """Children of every individual, as linked edges in arrays; extended as individuals arrive."""

    def __init__(self) -> None:
        self._last = array("i")
        self._before = array("i")
        self._child = array("I")

    def _extend(self, table: Individuals) -> None:
        for row in range(len(self._last), len(table)):
            self._last.append(-1)
            for parent in set(table.parents(row)):
                self._before.append(self._last[parent])
                self._last[parent] = len(self._child)
                self._child.append(row)

    def of(self, table: Individuals, row: int) -> list[int]:
        """Rows of the children of ``row``, oldest first."""
        self._extend(table)
        found: list[int] = []
        edge = self._last[row]
        while edge >= 0:
            found.append(self._child[edge])
            edge = self._before[edge]
        found.reverse()
        return found

    def leaves(self, table: Individuals) -> list[int]:
        """Rows without children, oldest first."""
        self._extend(table)
        return [row for row, edge in enumerate(self._last) if edge < 0]
