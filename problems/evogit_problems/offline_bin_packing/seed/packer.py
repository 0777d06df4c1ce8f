"""Packs items into bins: reads the capacity and lists of sizes, prints the bin of each item."""

import json
import math
import sys


# EVOLVE-BLOCK-START
def pack(sizes, capacity):
    """First fit decreasing: the largest item first, each into the first bin with room."""
    places = [0] * len(sizes)
    rooms = []
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        for place, room in enumerate(rooms):
            if room >= sizes[i]:
                break
        else:
            place = len(rooms)
            rooms.append(capacity)
        rooms[place] -= sizes[i]
        places[i] = place
    return places
# EVOLVE-BLOCK-END


if __name__ == "__main__":
    capacity, instances = json.loads(sys.stdin.readline())
    print(json.dumps([pack(sizes, capacity) for sizes in instances]))
