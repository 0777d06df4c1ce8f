"""Finds short round trips: reads lists of cities, prints the orders in which to visit them."""

import json
import math
import sys


# EVOLVE-BLOCK-START
def tour(cities):
    """The nearest city not visited yet, again and again; `cities` are (x, y), the result is an order."""
    order = [0]
    left = set(range(1, len(cities)))
    while left:
        here = cities[order[-1]]
        nearest = min(left, key=lambda i: (math.dist(here, cities[i]), i))
        order.append(nearest)
        left.remove(nearest)
    return order
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    instances = json.loads(sys.stdin.readline())
    print(json.dumps([tour([tuple(city) for city in cities]) for cities in instances]))
