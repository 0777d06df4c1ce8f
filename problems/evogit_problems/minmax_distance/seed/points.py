"""Places 16 points in the plane; the largest distance over the smallest counts."""

import json
import math

COUNT = 16


# EVOLVE-BLOCK-START
def points():
    """A plain grid."""
    side = 4
    return [(i % side, i // side) for i in range(COUNT)]
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    print(json.dumps(points()))
