"""Prints the heights of a step function on [0, 2] with integral 1; its overlap counts."""

import json
import math

COUNT = 60


# EVOLVE-BLOCK-START
def height(t):
    """The function at t, from -1 to 1: constant, for which the overlap is 1/2."""
    return 0.5
# EVOLVE-BLOCK-END


def heights():
    """Heights between 0 and 1 with the right sum, by moving all of them up or down alike."""
    raw = [height((2 * i + 1) / COUNT - 1) for i in range(COUNT)]
    low, high = -1 - max(raw), 1 - min(raw)
    for _ in range(200):
        middle = (low + high) / 2
        found = [min(1.0, max(0.0, value + middle)) for value in raw]
        low, high = (middle, high) if sum(found) < COUNT / 2 else (low, middle)
    return found


if __name__ == "__main__":
    print(json.dumps([round(value, 13) for value in heights()]))
