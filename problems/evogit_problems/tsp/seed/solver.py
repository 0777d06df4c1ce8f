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


def improve(order, cities):
    """Turn stretches of the trip around by chance; a turn stays if the trip gets shorter by it."""
    tries = 1000
    longest = 20
    patience = 0.01
    for number in range(tries):
        i = random.randrange(len(order))
        j = min(i + random.randrange(longest), len(order) - 1)
        if gain(order, cities, i, j) > -patience * random.random() * (1 - number / tries):
            order[i : j + 1] = order[i : j + 1][::-1]
# EVOLVE-BLOCK-END


def gain(order, cities, i, j):
    """How much shorter the trip gets if places i to j are visited in reverse; the side of the square is 1."""
    before, first = cities[order[i - 1]], cities[order[i]]
    last, after = cities[order[j]], cities[order[(j + 1) % len(order)]]
    old = math.dist(before, first) + math.dist(last, after)
    return (old - math.dist(before, last) - math.dist(first, after)) / SIDE


SIDE = 1_000_000

if __name__ == "__main__":
    trips = []
    for places in json.loads(sys.stdin.readline()):
        random.seed(0)
        trip = start(places)
        improve(trip, places)
        trips.append(trip)
    print(json.dumps(trips))
