"""Runs next to the candidate: puts its ``priority`` to every stream of items the scorer sends.

Lines of text go back and forth, in lock-step. In: first the capacity of each stream, then per round
the next item of each stream (0: that stream has ended). Out: per round the bin chosen for each item,
numbered in order of opening, the next unused number opening a bin; or ``!`` and why there is none.
Nothing here is trusted: the scorer keeps the true bins and checks every choice.

When a size of item first comes, ``priority`` is asked once for every room that could hold it, so
that a rule which passes training does not fail on other streams of the same kind.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from heapq import heappop, heappush

Priority = Callable[[int, int, int], object]


class Rule:
    """What the candidate answers for one capacity, by item and remaining room."""

    def __init__(self, priority: Priority, capacity: int) -> None:
        self.capacity = capacity
        self._priority = priority
        self._known: dict[int, list[float]] = {}

    def answers(self, item: int) -> list[float]:
        """The answer for every room that could hold ``item``; the other places mean nothing.

        Raises:
            ValueError: an answer is not a number.
        """
        known = self._known.get(item)
        if known is None:
            rooms = range(item, self.capacity + 1)
            known = self._known[item] = [0.0] * item + [self._ask(item, room) for room in rooms]
        return known

    def _ask(self, item: int, room: int) -> float:
        answer = self._priority(item, room, self.capacity)
        if not isinstance(answer, int | float):
            raise ValueError(f"priority is {type(answer).__name__}, not a number")  # noqa: TRY004
        value = float(answer)
        if value != value:  # NaN
            raise ValueError("priority is not a number (NaN)")
        return value


class Stream:
    """Our own view of one stream's bins: which have how much room, oldest first."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._count = 0
        self._bins: dict[int, list[int]] = {}

    def place(self, item: int) -> int:
        """Choose a bin for ``item`` and put it there; equal answers go to the oldest bin."""
        answers = self._rule.answers(item)
        room, oldest = self._rule.capacity, self._count
        best = answers[room]
        for remaining, same in self._bins.items():
            if remaining >= item:
                value = answers[remaining]
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
