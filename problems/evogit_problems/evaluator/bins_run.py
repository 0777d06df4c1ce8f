"""Runs next to the candidate: writes down how its ``priority`` ranks the bins for every item.

The arguments are the number of phases of a stream that the rule is told of (1: it is told of none), and
triples: smallest item, largest item, capacity. For each triple one line goes out. It holds, for every
phase and every item, separated by ``;``, a number for every room that could hold the item, from the
item's size to the capacity (a new bin): the place of the answer among those for this item, 0 for the
lowest, the same number for equal answers; or nothing, if they are those of the phase before. Or the line
is ``!`` and why there are no such numbers. The candidate is asked nothing else: it never sees a stream.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import SupportsFloat

Priority = Callable[..., SupportsFloat]
"""As it should be."""
PLAIN = {int, float, bool}


def ranks(priority: Priority, item: int, capacity: int, *phase: int) -> str:
    """The place of each room's answer among all answers for one item.

    Raises:
        ValueError: an answer is not a number.
    """
    rooms = range(item, capacity + 1)
    answers = [priority(item, room, capacity, *phase) for room in rooms]
    plain = PLAIN.issuperset(map(type, answers))  # nearly always; `number` takes longer
    numbers = list(map(float if plain else number, answers))
    if [answer for answer in numbers if answer != answer]:
        raise ValueError("priority is not a number (NaN)")
    place = {answer: str(rank) for rank, answer in enumerate(sorted(set(numbers)))}
    return " ".join([place[answer] for answer in numbers])


def number(answer: object) -> float:
    """An answer as a plain float, whatever its class says of itself.

    Raises:
        ValueError: it is not a number.
    """
    if not isinstance(answer, int | float):
        raise ValueError(f"priority is {type(answer).__name__}, not a number")  # noqa: TRY004
    return float(answer)


def load() -> Priority:
    """The candidate's function; its folder is the working directory."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  # pathlib costs 5 ms to import
    import packer  # pyright: ignore[reportMissingImports]

    priority: Priority = packer.priority  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return priority  # pyright: ignore[reportUnknownVariableType]


def table(priority: Priority, phases: int, low: int, high: int, capacity: int) -> str:
    """The line of one triple."""
    lines: list[str] = []
    before = [""] * (high - low + 1)
    try:
        for phase in range(phases):
            told = [phase] if phases > 1 else []
            rows = [ranks(priority, item, capacity, *told) for item in range(low, high + 1)]
            lines += ["" if row == old else row for row, old in zip(rows, before, strict=True)]
            before = rows
    except BaseException as error:  # noqa: BLE001  # whatever a candidate raises is its failure
        return explain(error)
    return ";".join(lines)


def explain(error: BaseException) -> str:
    """The line that says what was raised, and where in the candidate."""
    where, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file != __file__:
            where = f" ({file.rpartition('/')[2]}, line {trace.tb_lineno})"
        trace = trace.tb_next
    text = f"{type(error).__name__}: {error}{where}"
    return "! " + " ".join(text.encode("ascii", "replace").decode().split())[-400:]


def answer(phases: int, bounds: list[int]) -> list[str]:
    """What to say to each triple."""
    triples = list(zip(bounds[::3], bounds[1::3], bounds[2::3], strict=True))
    try:
        priority = load()
    except BaseException as error:  # noqa: BLE001  # see table
        return [explain(error)] * len(triples)
    return [table(priority, phases, *triple) for triple in triples]


def main() -> None:
    """Keep the answers' pipe to ourselves, so that a candidate may print, and answer."""
    answers = os.dup(1)
    os.dup2(2, 1)
    phases, *bounds = map(int, sys.argv[1:])
    said = answer(phases, bounds)
    with os.fdopen(answers, "wb") as pipe:
        pipe.write(("\n".join(said) + "\n").encode())


if __name__ == "__main__":
    main()
