"""Chooses a bin for each item of a stream, one at a time."""

import math  # at hand for the rule below


# EVOLVE-BLOCK-START
def priority(item: int, remaining: int, capacity: int, placed: int) -> float:
    """How good it is to put `item` into a bin with `remaining` room (of `capacity`).

    The item goes to the bin with the highest priority; an unopened bin has `remaining == capacity`.
    `placed` items came before, rounded down to a multiple of 50 (from 1,000 on: 500).
    """
    leftover = remaining - item
    if leftover < 10:  # nearly full
        return capacity - leftover
    if remaining == capacity:  # a new bin
        return capacity - leftover
    if placed < 250:  # early
        return capacity - leftover
    return capacity - leftover
# EVOLVE-BLOCK-END
