"""As much of a file as a prompt has room for."""

from __future__ import annotations

from evogit_agents.llm.ground import Ground
from evogit_agents.llm.source import Source


def excerpt(ground: Ground, source: Source, share: float = 0.5) -> str:
    """The whole file, or whole lines of it around a random place that may change.

    Args:
        ground: whose prompt it goes into.
        source: the file.
        share: of the prompt's tokens.
    """
    room = int(ground.room * share)
    if ground.count(source.text) <= room:
        return source.text.rstrip("\n")
    lines = source.lines
    first, last = ground.task.random.choice(source.ranges)
    middle = ground.task.random.randint(first, last)
    low, high = 0, len(lines)
    while low < high:
        half = (low + high + 1) // 2
        if ground.count(_around(lines, middle, half)) <= room:
            low = half
        else:
            high = half - 1
    return _around(lines, middle, low)


def _around(lines: list[str], middle: int, half: int) -> str:
    first, last = max(middle - half, 1), min(middle + half, len(lines))
    return "\n".join(lines[first - 1 : last])
