"""Reads points, prints the value of a formula at each."""

import json
import math
import sys


# EVOLVE-BLOCK-START
def formula(a, b, c, d, e):
    """A guess at the unknown function of five variables between 0 and 1: a constant."""
    return 14.0
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    points = json.loads(sys.stdin.readline())
    print(json.dumps([float(formula(*point)) for point in points]))
