"""Runs next to the candidate: puts its ``priority`` to every stream of items the scorer sends.

Lines of text go back and forth, in lock-step. In: first the capacity of each stream, then per round
the next item of each stream (0: that stream has ended). Out: per round the bin chosen for each item,
numbered in order of opening, the next unused number opening a bin; or ``!`` and why there is none.
Nothing here is trusted: the scorer keeps the true bins and checks every choice.

``priority`` is asked at most once for each (item, remaining, capacity) and the answer remembered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from heapq import heappop, heappush

Priority = Callable[[int, int, int], object]


class Rule:
    """What the candidate answered for one capacity, by item and remaining room."""

    def __init__(self, priority: Priority, capacity: int) -> None:
        self.capacity = capacity
        self._priority = priority
        self._known: list[list[float | None]] = [
            [None] * (capacity + 1) for _ in range(capacity + 1)
        ]

    def answers(self, item: int) -> list[float | None]:
        """The answers known for ``item``, by remaining room."""
        return self._known[item]

    def ask(self, item: int, remaining: int) -> float:
        """The candidate's answer as a float.

        Raises:
            ValueError: it is not a number.
        """
        answer = self._priority(item, remaining, self.capacity)
        if not isinstance(answer, int | float):
            raise ValueError(f"priority is {type(answer).__name__}, not a number")  # noqa: TRY004
        value = float(answer)
        if value != value:  # NaN
            raise ValueError("priority is not a number (NaN)")
        self._known[item][remaining] = value
        return value


class Stream:
    """Our own view of one stream's bins: which have how much room, oldest first."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._count = 0
        self._bins: dict[int, list[int]] = {}

    def place(self, item: int) -> int:
        """Choose a bin for ``item`` and put it there; equal answers go to the oldest bin."""
        rule, bins = self._rule, self._bins
        known = rule.answers(item)
        room, oldest = rule.capacity, self._count
        best = known[room]
        if best is None:
            best = rule.ask(item, room)
        for remaining, same in bins.items():
            if remaining >= item:
                value = known[remaining]
                if value is None:
                    value = rule.ask(item, remaining)
                if value > best or (value == best and same[0] < oldest):
                    best, room, oldest = value, remaining, same[0]
        self._put(item, room, oldest)
        return oldest

    def _put(self, item: int, room: int, index: int) -> None:
        if index == self._count:
            self._count += 1
        else:
            same = self._bins[room]
            heappop(same)
            if not same:
                del self._bins[room]
        if room > item:
            heappush(self._bins.setdefault(room - item, []), index)


def load() -> Priority:
    """The candidate's function; its folder is the working directory."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  # pathlib costs 5 ms to import
    import packer  # pyright: ignore[reportMissingImports]

    priority: Priority = packer.priority  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return priority  # pyright: ignore[reportUnknownVariableType]


def serve(answers: int) -> None:
    """Answer round after round until the scorer has no more."""
    priority = load()
    with open(0, "rb", closefd=False) as questions:
        capacities = [int(word) for word in questions.readline().split()]
        rules = {capacity: Rule(priority, capacity) for capacity in capacities}
        places = [Stream(rules[capacity]).place for capacity in capacities]
        for line in iter(questions.readline, b""):
            items = map(int, line.split())
            chosen = [place(item) for place, item in zip(places, items, strict=True) if item]
            os.write(answers, (" ".join(map(str, chosen)) + "\n").encode())


def explain(error: BaseException) -> str:
    """One line: what was raised, and where in the candidate."""
    where, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file != __file__:
            where = f" ({file.rpartition('/')[2]}, line {trace.tb_lineno})"
        trace = trace.tb_next
    text = f"{type(error).__name__}: {error}{where}"
    return " ".join(text.encode("ascii", "replace").decode().split())[-400:]


def main() -> None:
    """Keep the answers' pipe to ourselves, so that a candidate may print, and serve."""
    answers = os.dup(1)
    os.dup2(2, 1)
    try:
        serve(answers)
    except BaseException as error:  # noqa: BLE001  # whatever a candidate raises is its failure
        os.write(answers, f"! {explain(error)}\n".encode())


if __name__ == "__main__":
    main()
