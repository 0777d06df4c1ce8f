"""How many comparators a network needs that sorts twelve inputs, checked exactly.

A network that sorts every sequence of zeros and ones sorts everything (Knuth, TAOCP 3, 5.3.4, theorem
Z): all 4,096 go through at once, one bit of a large integer each.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

from exact import InvalidAnswerError, report, rows

WIRES = 12
MAX_COMPARATORS = 500


def judge(answer: Any) -> tuple[float, dict[str, float]]:
    """The number of comparators, and how many of them must wait for one another."""
    given = rows(answer, range(1, MAX_COMPARATORS + 1), 2, "comparator")
    network = [(wire(low), wire(high)) for low, high in given]
    check(network)
    return float(len(network)), {"depth": float(depth(network))}


def wire(value: Fraction) -> int:
    """The number of a wire.

    Raises:
        InvalidAnswerError: there is none of this number.
    """
    if value.denominator != 1 or not 0 <= value < WIRES:
        raise InvalidAnswerError(f"there is no wire {str(value)[:40]}")
    return value.numerator


def check(network: list[tuple[int, int]]) -> None:
    """Refuse a network that leaves a sequence unsorted.

    Raises:
        InvalidAnswerError: it does, or compares a wire with itself.
    """
    every = 1 << WIRES
    wires = [sum(1 << n for n in range(every) if n >> place & 1) for place in range(WIRES)]
    for low, high in network:
        if low >= high:
            raise InvalidAnswerError(
                f"comparator {low}, {high} does not go from a lower to a higher wire"
            )
        wires[low], wires[high] = wires[low] & wires[high], wires[low] | wires[high]
    wrong = 0
    for first, second in itertools.pairwise(wires):
        wrong |= first & ~second
    if wrong:
        raise InvalidAnswerError(f"{wrong.bit_count()} of {every} sequences are left unsorted")


def depth(network: list[tuple[int, int]]) -> int:
    """The number of layers when every comparator comes as early as it can."""
    layers = [0] * WIRES
    for low, high in network:
        layers[low] = layers[high] = max(layers[low], layers[high]) + 1
    return max(layers)


if __name__ == "__main__":
    report(judge)
