"""Prints a network that sorts 12 inputs; the number of its comparators counts."""

import itertools
import json

WIRES = 12


# EVOLVE-BLOCK-START
def comparators():
    """Bubble sort: 66 comparators, each from a lower to a higher wire."""
    for last in range(WIRES - 1, 0, -1):
        for low in range(last):
            yield low, low + 1
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    print(json.dumps([list(pair) for pair in itertools.islice(comparators(), 500)]))
