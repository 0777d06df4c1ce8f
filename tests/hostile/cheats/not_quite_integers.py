"""Tries to answer with booleans, floats and texts instead of the integers asked for.

Expected: Scored 0
"""


def solve(numbers):
    return [float(n) if n > 1 else bool(n) for n in sorted(numbers)]
