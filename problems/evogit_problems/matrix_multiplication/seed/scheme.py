"""Prints a scheme that multiplies a 2x4 by a 4x5 matrix; the number of its products counts."""

import itertools
import json

N, M, P = 2, 4, 5


# EVOLVE-BLOCK-START
def products():
    """The school method: every entry of A with every entry of B in its row, 40 products."""
    for i, j, k in itertools.product(range(N), range(M), range(P)):
        yield {(i, j): 1}, {(j, k): 1}, {(i, k): 1}
# EVOLVE-BLOCK-END


def flat(entries, height, width):
    """A matrix given by its non-zero entries, row by row."""
    return [entries.get((i, j), 0) for i in range(height) for j in range(width)]


if __name__ == "__main__":
    scheme = itertools.islice(products(), 100)
    print(json.dumps([[flat(u, N, M), flat(v, M, P), flat(w, N, P)] for u, v, w in scheme]))
