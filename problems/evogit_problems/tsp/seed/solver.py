"""Finds short round trips: reads lists of cities, prints the orders in which to visit them."""

import json
import math
import random
import sys


# EVOLVE-BLOCK-START
def start(cities):
    """The nearest city not visited yet, again and again; `cities` are (x, y), the result is an order."""
    order = [0]
    left = set(range(1, len(cities)))
    while left:
        here = cities[order[-1]]
        nearest = min(left, key=lambda i: (math.dist(here, cities[i]), i))
        order.append(nearest)
        left.remove(nearest)
    return order


def improve(order, far):
    """Turn stretches of the trip around by chance; what makes it longer stays less and less often."""
    tries = 10_000
    longest = 50
    patience = 0.05
    for number in range(tries):
        i = int(random.random() * len(order))
        j = min(i + int(random.random() * longest), len(order) - 1)
        if gain(order, far, i, j) > -patience * random.random() * (1 - number / tries):
            order[i : j + 1] = order[i : j + 1][::-1]
# EVOLVE-BLOCK-END


def gain(order, far, i, j):
    """How much shorter the trip gets if places i to j are visited in reverse."""
    before, first, last, after = order[i - 1], order[i], order[j], order[(j + 1) % len(order)]
    return far[before][first] + far[last][after] - far[before][last] - far[first][after]


SIDE = 1_000_000

if __name__ == "__main__":
    trips = []
    for places in json.loads(sys.stdin.readline()):
        random.seed(0)
        trip = start(places)
        # How far any two are apart, in sides of the square.
        improve(trip, [[math.dist(a, b) / SIDE for b in places] for a in places])
        trips.append(trip)
    print(json.dumps(trips))
