"""Searches for the lowest point of a bumpy function."""

import math
import random


# EVOLVE-BLOCK-START
def search(tries=20, reach=5.0):
    best = (0.0, 0.0)
    for _ in range(tries):
        here = (random.uniform(-reach, reach), random.uniform(-reach, reach))
        if height(*here) < height(*best):
            best = here
    return best
# EVOLVE-BLOCK-END


def height(x, y):
    return math.sin(x) * math.cos(y) + math.sin(x * y) + (x * x + y * y) / 20


def run_search():
    random.seed(1)
    x, y = search()
    return x, y, height(x, y)
