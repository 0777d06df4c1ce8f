"""Chooses a bin for each item of a stream, one at a time."""

import math  # at hand for the rule below


# EVOLVE-BLOCK-START
def priority(item: int, remaining: int, capacity: int) -> float:
    """How good it is to put `item` into a bin with `remaining` room (of `capacity`).

    The item goes to the bin with the highest priority, of equal ones to the one with the least room;
    an unopened bin has `remaining == capacity`.
    """
    leftover = remaining - item
    return -leftover
# EVOLVE-BLOCK-END
