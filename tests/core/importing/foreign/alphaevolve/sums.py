"""Finds a set of integers with many different differences."""

import json

# EVOLVE-BLOCK-START
def members(limit):
    """A set of integers below the limit."""
    return list(range(min(limit, 10)))
# EVOLVE-BLOCK-END


def evaluate(eval_inputs):
    """How many differences the set has for its size."""
    found = sorted({int(x) for x in members(eval_inputs["limit"])})
    if not all(0 <= x < eval_inputs["limit"] for x in found):
        return {"differences": 0.0}
    differences = {a - b for a in found for b in found}
    return {"differences": len(differences) / max(len(found), 1)}
