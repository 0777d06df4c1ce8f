"""Prints integer vectors in 11 dimensions; each is the centre of a sphere that touches a central one."""

import itertools
import json

DIMENSIONS = 11


# EVOLVE-BLOCK-START
def candidates():
    """Vectors in the order in which they are tried: the roots of the lattice D11 (220 of them)."""
    for i, j in itertools.combinations(range(DIMENSIONS), 2):
        for a, b in itertools.product((1, -1), repeat=2):
            vector = [0] * DIMENSIONS
            vector[i], vector[j] = a, b
            yield vector


def norm():
    """The squared length all vectors have."""
    return 2
# EVOLVE-BLOCK-END


def chosen():
    """The candidates of the right length that are far enough from all chosen before."""
    found, length = [], norm()
    for vector in itertools.islice(candidates(), 20000):
        vector = [int(x) for x in vector]
        if len(vector) == DIMENSIONS and sum(x * x for x in vector) == length:
            if all(2 * sum(map(int.__mul__, vector, other)) <= length for other in found):
                found.append(vector)
    return found


if __name__ == "__main__":
    print(json.dumps(chosen()))
