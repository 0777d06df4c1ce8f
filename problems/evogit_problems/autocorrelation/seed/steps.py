"""Prints the heights of a step function; the peak of its autoconvolution counts."""

import json
import math

COUNT = 60


# EVOLVE-BLOCK-START
def height(t):
    """The function at t, from -1 to 1: constant, for which the constant is 2."""
    return 1.0
# EVOLVE-BLOCK-END


def heights():
    """One height per step; a negative one counts as zero."""
    return [max(0.0, height((2 * i + 1) / COUNT - 1)) for i in range(COUNT)]


if __name__ == "__main__":
    print(json.dumps([round(value, 12) for value in heights()]))
