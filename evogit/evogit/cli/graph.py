r"""Lanes of a commit graph in plain characters, newest first.

::

    *      an individual
    |-.    a crossover: its second parent gets a lane of its own
    | *
    |-'    two lines come from the same individual, which is next
    *

An extra parent that has a lane already is marked ``+`` in that lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def draw(nodes: Iterable[tuple[int, Sequence[int]]]) -> Iterator[tuple[str, int | None]]:
    """Lines of the graph with the row each one belongs to; ``None`` for lines between rows.

    Args:
        nodes: rows with the parents to draw, every row before its parents.
    """
    lanes: list[int | None] = []
    for row, parents in nodes:
        mine = [lane for lane, waits in enumerate(lanes) if waits == row]
        if not mine:
            mine = [_free(lanes)]
        lane, joining = mine[0], mine[1:]
        lanes[lane] = row
        if joining:
            yield _bridge(lanes, lane, joining, "'"), None
        for other in joining:
            lanes[other] = None
        yield _line(lanes, lane), row
        lanes[lane] = parents[0] if parents else None
        known = set(lanes)
        for parent in dict.fromkeys(parents[1:]):
            end = "+" if parent in known else "."
            yield _bridge(lanes, lane, [_open(lanes, parent)], end), None
        while lanes and lanes[-1] is None:
            lanes.pop()


def _free(lanes: list[int | None]) -> int:
    if None in lanes:
        return lanes.index(None)
    lanes.append(None)
    return len(lanes) - 1


def _open(lanes: list[int | None], parent: int) -> int:
    """The lane that waits for ``parent``: an existing one, or a new one."""
    if parent in lanes:
        return lanes.index(parent)
    lane = _free(lanes)
    lanes[lane] = parent
    return lane


def _line(lanes: list[int | None], lane: int) -> str:
    cells = ("*" if at == lane else " " if row is None else "|" for at, row in enumerate(lanes))
    return " ".join(cells).rstrip()


def _bridge(lanes: list[int | None], lane: int, others: list[int], end: str) -> str:
    """A line that ties ``lane`` to ``others``."""
    low, high = min(lane, *others), max(lane, *others)
    text = ""
    for at, row in enumerate(lanes):
        if at in others and at != lane:
            text += end
        else:
            text += "|" if row is not None else "-" if low < at < high else " "
        text += "-" if low <= at < high else " "
    return text.rstrip()
