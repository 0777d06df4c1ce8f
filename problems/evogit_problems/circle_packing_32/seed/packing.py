"""Places 32 circles in the unit square; the sum of their radii counts."""

import json
import math

COUNT = 32


# EVOLVE-BLOCK-START
def centers():
    """Where the circles are: a plain grid, and the rest in gaps of it."""
    side = 6
    points = [((i % side + 0.5) / side, (i // side + 0.5) / side) for i in range(min(COUNT, side * side))]
    for i in range(COUNT - len(points)):
        points.append(((i + 1) / side, 1 / side))
    return points
# EVOLVE-BLOCK-END


def radii(points):
    """Radii that fit: each grows in turn until it touches a wall or another circle."""
    walls = [min(x, y, 1 - x, 1 - y) for x, y in points]
    away = [[math.dist(a, b) for b in points] for a in points]
    found = [
        min([walls[i], *(away[i][j] / 2 for j in range(COUNT) if j != i)]) for i in range(COUNT)
    ]
    for i in sorted(range(COUNT), key=lambda i: -walls[i]):
        found[i] = min([walls[i], *(away[i][j] - found[j] for j in range(COUNT) if j != i)])
    return found


if __name__ == "__main__":
    places = [(min(max(x, 0), 1), min(max(y, 0), 1)) for x, y in centers()]
    # Rounding may let neighbours overlap by a few units of the last digit: shrink by more than that.
    print(json.dumps([[x, y, max(r - 1e-12, 0)] for (x, y), r in zip(places, radii(places))]))
