"""Places 11 points in the triangle (0,0), (1,0), (0,1); the smallest triangle they form counts."""

import json
import math

COUNT = 11


# EVOLVE-BLOCK-START
def points():
    """Erdős's construction: (i, i*i mod p) for a prime p has no three points in a line."""
    p = COUNT
    return [(i / (2 * p), (i * i % p) / (2 * p)) for i in range(COUNT)]
# EVOLVE-BLOCK-END


def inside(x, y):
    """The same point, or the nearest way back into the triangle."""
    x, y = max(x, 0.0), max(y, 0.0)
    over = max(x + y, 1.0) + (1e-15 if x + y > 1 else 0.0)
    return x / over, y / over


if __name__ == "__main__":
    print(json.dumps([inside(x, y) for x, y in points()]))
