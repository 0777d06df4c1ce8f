"""Chooses a bin for each item of a stream, one at a time."""

import math  # at hand for the rule below


# EVOLVE-BLOCK-START
def priority(item: int, remaining: int, capacity: int, phase: int) -> float:
    """How good it is to put `item` into a bin with `remaining` room (of `capacity`).

    The item goes to the bin with the highest priority, of equal ones to the one with the least room;
    an unopened bin has `remaining == capacity`. `phase` is 0 for the first 64 items of a stream, 1 up
    to 128, 2 up to 256, 3 beyond.
    """
    leftover = remaining - item
    return -leftover
# EVOLVE-BLOCK-END
