"""Which lane of the drawn graph each individual stands in.

Individuals are placed parents first and only ever added, so what is drawn stays as it is. A lane
belongs to one individual at a time: it is held as long as its holder has children to come or is at
a branch's tip. The last child takes the lane over; any other gets the free lane nearest to its
parent's and a line across to that. A child that comes after its parent's lane was given away (its
parent was not at a tip and no child was known) begins a new lane and names the parent in words, as a
link.

Lines are drawn newest first, so "below" means towards older individuals.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from typing import Final, Protocol

OVERFLOW: Final = 1 << 63
"""Stands for every lane from the 64th on: more than anybody draws."""


class Descent(Protocol):
    """Individuals numbered parents first."""

    def parents(self, i: int, /) -> tuple[int, ...]:
        """Numbers of the parents, first parent first."""
        ...


class Lanes:
    """Lanes of all individuals placed so far. One thread may add while others read what was there.

    ``below``, ``above`` and ``joins`` are bit sets of lanes: those with a line towards older and
    towards newer individuals, and those of parents that a line across leads to.
    """

    def __init__(self) -> None:
        self.lanes = array("H")
        self.below = array("Q")
        self.above = array("Q")
        self.joins = array("Q")
        self.links: dict[int, tuple[int, ...]] = {}
        """Parents that no line leads to."""
        self.widest = 0
        """How many lanes were ever in use at once, the free ones between them included."""
        self._held: dict[int, int] = {}
        self._busy = 0

    def __len__(self) -> int:
        return len(self.joins)

    def extend(self, descent: Descent, stop: int, live: Collection[int]) -> None:
        """Place the individuals up to, not including, ``stop``.

        Args:
            descent: tells their parents.
            stop: how many there are now; those placed already stay where they are.
            live: those at a branch's tip, which keep their lane whatever comes.
        """
        start = len(self)
        waiting = array("I", bytes(4 * stop))
        for row in range(start, stop):
            for parent in descent.parents(row):
                waiting[parent] += 1
        for row in [row for row in self._held if not waiting[row] and row not in live]:
            self._busy &= ~(1 << self._held.pop(row))
        for row in range(start, stop):
            self._place(row, descent.parents(row), waiting, live)

    def _place(
        self, row: int, parents: tuple[int, ...], waiting: array[int], live: Collection[int]
    ) -> None:
        held, below, joins = self._held, self._busy, 0
        lane, freed = -1, 0
        for place, parent in enumerate(parents):
            waiting[parent] -= 1
            its = held.get(parent)
            if its is None:
                self.links[row] = (*self.links.get(row, ()), parent)
                continue
            if waiting[parent] or parent in live:
                joins |= 1 << its
                continue
            del held[parent]
            if place:
                joins |= 1 << its
                freed |= 1 << its
            else:
                lane = its
        if lane < 0:
            beside = held.get(parents[0]) if parents else None
            lane = _lowest_free(below) if beside is None else _nearest_free(below, beside)
        busy = (below & ~freed) | (1 << lane)
        self.widest = max(self.widest, busy.bit_length())
        if waiting[row] or row in live:
            held[row] = lane
        else:
            busy &= ~(1 << lane)
        self._busy = busy
        self._write(lane, below, busy, joins)

    def _write(self, lane: int, below: int, above: int, joins: int) -> None:
        self.lanes.append(min(lane, 0xFFFF))
        self.below.append(_bounded(below))
        self.above.append(_bounded(above))
        self.joins.append(_bounded(joins))  # last: ``len`` counts these


def _lowest_free(busy: int) -> int:
    return ((busy + 1) & ~busy).bit_length() - 1


def _nearest_free(busy: int, lane: int) -> int:
    right = lane + 1 + _lowest_free(busy >> (lane + 1))
    for left in range(lane - 1, max(2 * lane - right, -1), -1):
        if not busy >> left & 1:
            return left
    return right


def _bounded(lanes: int) -> int:
    return lanes if lanes < OVERFLOW else (lanes & (OVERFLOW - 1)) | OVERFLOW


_UNICODE: Final[Mapping[str, str]] = {"more": "…", "across": "─", "along": "│"}
_ASCII: Final[Mapping[str, str]] = {"more": "~", "across": "-", "along": "|"}
_CORNERS: Final = {
    # (from the left, from the right, below, above)
    (True, False, True, True): "┤",
    (False, True, True, True): "├",
    (True, True, True, True): "┼",
    (True, False, True, False): "╮",
    (False, True, True, False): "╭",
    (True, True, True, False): "┬",
}


def draw(
    lanes: Lanes, row: int, width: int, node: str, *, ascii_only: bool
) -> list[tuple[str, int]]:
    """One line of the graph.

    Args:
        lanes: the lanes.
        row: an individual that was placed.
        width: how many lanes to draw; the rest share one more place, marked with an ellipsis.
        node: the character of the individual itself.
        ascii_only: use only ASCII.

    Returns:
        A character and the lane it belongs to for every column: ``2 * width + 2`` of them, a lane
        and a gap in turn. The individual's own lane says -1.
    """
    glyphs = _ASCII if ascii_only else _UNICODE
    lane = min(lanes.lanes[row], width)
    below, above = _folded(lanes.below[row], width), _folded(lanes.above[row], width)
    joins = _folded(lanes.joins[row], width)
    reach = joins | 1 << lane
    first, last = (reach & -reach).bit_length() - 1, reach.bit_length() - 1
    cells: list[tuple[str, int]] = []
    for place in range(width + 1):
        bit = 1 << place
        if place == lane:
            cells.append((node, -1))
        elif place == width and (below | above | joins) & bit:
            cells.append((glyphs["more"], place))
        elif joins & bit:
            arms = (first < place, place < last, bool(below & bit), bool(above & bit))
            cells.append(("+" if ascii_only else _CORNERS.get(arms, "┼"), place))
        elif (below | above) & bit:
            cells.append((glyphs["along"], place))
        else:
            cells.append((glyphs["across"] if first < place < last else " ", lane))
        cells.append((glyphs["across"] if first <= place < last else " ", lane))
    return cells


def _folded(mask: int, width: int) -> int:
    return mask & ((1 << width) - 1) | (1 << width if mask >> width else 0)
