"""Places 32 circles in the unit square; the sum of their radii counts."""

import json
import math
import random

COUNT = 32


# EVOLVE-BLOCK-START
def start():
    """A plain grid, and the rest in gaps of it: [x, y, radius] each."""
    side = 6
    circles = [
        [(i % side + 0.5) / side, (i // side + 0.5) / side, 0.5 / side]
        for i in range(min(COUNT, side * side))
    ]
    for i in range(COUNT - len(circles)):
        circles.append([(i + 1) / side, 1 / side, 0.2 / side])
    return circles


def improve(circles):
    """The penalty method: circles grow, and give way in place and size to what they overlap."""
    rounds = 100
    rate = 0.1
    growth = 0.05
    jitter = 0.03
    for circle in circles:
        circle[0] += random.uniform(-jitter, jitter)
        circle[1] += random.uniform(-jitter, jitter)
    for number in range(rounds):
        give_way(circles, rate, growth * (1 - number / rounds))
# EVOLVE-BLOCK-END


def give_way(circles, rate, growth):
    """One step downhill on half the squared overlaps less `growth` times the radii."""
    moves = [[0.0, 0.0, growth] for _ in circles]
    for i, (x, y, r) in enumerate(circles):
        for axis, value in enumerate((x, y)):
            for over, sign in ((r - value, 1), (value + r - 1, -1)):
                if over > 0:
                    moves[i][axis] += sign * over
                    moves[i][2] -= over
        for j in range(i):
            dx, dy, reach = x - circles[j][0], y - circles[j][1], r + circles[j][2]
            if dx * dx + dy * dy < reach * reach:
                away = math.sqrt(dx * dx + dy * dy) or 1e-9
                over = reach - away
                for move, sign in ((moves[i], 1), (moves[j], -1)):
                    move[0] += sign * over * dx / away
                    move[1] += sign * over * dy / away
                    move[2] -= over
    for circle, move in zip(circles, moves):
        for k in range(3):
            circle[k] += rate * move[k]


def fit(circles):
    """Circles that obey the rules: overlaps are shared out, then each grows if it can."""
    places = [(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y, _ in circles]
    walls = [min(x, y, 1 - x, 1 - y) for x, y in places]
    radii = [max(0.0, min(circle[2], wall)) for circle, wall in zip(circles, walls)]
    away = [[math.dist(a, b) for b in places] for a in places]
    for i in range(COUNT):
        for j in range(i):
            if radii[i] + radii[j] > away[i][j]:
                share = away[i][j] / (radii[i] + radii[j])
                radii[i] *= share
                radii[j] *= share
    for i in sorted(range(COUNT), key=lambda i: -radii[i]):
        radii[i] = min([walls[i], *(away[i][j] - radii[j] for j in range(COUNT) if j != i)])
    # Rounding may let neighbours overlap by a few units of the last digit: shrink by more than that.
    return [[x, y, max(r - 1e-12, 0.0)] for (x, y), r in zip(places, radii)]


if __name__ == "__main__":
    random.seed(0)
    found = start()
    improve(found)
    print(json.dumps(fit(found)))
