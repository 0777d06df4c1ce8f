"""Tries to burden the reader with as many tiny values as the output may hold.

Expected: Crashed or Scored 0
"""


def solve(numbers):
    return [0] * 20_000
