"""As much of a file as a prompt has room for, and how a change of it is written down."""

from __future__ import annotations

from collections import Counter

from evogit_agents.llm.ground import Ground
from evogit_agents.llm.python import runs
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


def example(ground: Ground, source: Source) -> str:
    """The form of a search/replace block, with a line of the file that may change, drawn by chance.

    Small models copy an example with any other line instead of the file's own. It replaces the line
    by itself, so that a copy of it changes nothing.
    """
    all_lines = source.lines
    times = Counter(all_lines)
    code = {all_lines[first - 1] for first, last in runs(source.text, 1) if first == last}
    lines = [line for window in source.ranges for line in source.part(window).split("\n")]
    clear = [line for line in lines if line.strip() and times[line] == 1]
    plain = [line for line in clear if line in code and line.lstrip()[0] not in "\"'"]
    line = ground.task.random.choice(plain or clear or lines)
    return f"<<<<<<< SEARCH\n{line}\n=======\n{line}\n>>>>>>> REPLACE"
