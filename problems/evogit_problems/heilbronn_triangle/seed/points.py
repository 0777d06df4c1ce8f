"""Places 11 points in the triangle (0,0), (1,0), (0,1); the smallest triangle they form counts."""

import itertools
import json
import random

COUNT = 11


# EVOLVE-BLOCK-START
def start():
    """Erdős's construction: (i, i*i mod p) for a prime p has no three points in a line."""
    p = COUNT
    return [(i / (2 * p), (i * i % p) / (2 * p)) for i in range(COUNT)]


def improve(points):
    """Move a point at a time by chance; a move stays if the smallest triangle does not shrink."""
    tries = 200
    best = smallest(points)
    for number in range(tries):
        size = 0.1 * (1 - number / tries)
        i = random.randrange(COUNT)
        before = points[i]
        points[i] = inside(before[0] + random.gauss(0, size), before[1] + random.gauss(0, size))
        now = smallest(points, i)
        if now >= best:
            best = smallest(points)
        else:
            points[i] = before
# EVOLVE-BLOCK-END


def smallest(points, corner=None):
    """Twice the area of the smallest triangle; only of those with this corner, if one is named."""
    if corner is None:
        triples = itertools.combinations(points, 3)
    else:
        others = points[:corner] + points[corner + 1 :]
        triples = ((points[corner], b, c) for b, c in itertools.combinations(others, 2))
    return min(
        abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) for a, b, c in triples
    )


def inside(x, y):
    """The same point, or the nearest way back into the triangle."""
    x, y = max(x, 0.0), max(y, 0.0)
    over = max(x + y, 1.0) + (1e-15 if x + y > 1 else 0.0)
    return x / over, y / over


if __name__ == "__main__":
    random.seed(0)
    points = start()
    improve(points)
    print(json.dumps([inside(x, y) for x, y in points]))
