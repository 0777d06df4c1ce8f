"""Tries to get a score that compares with nothing: NaN and infinities as answers.

Expected: Scored 0 or Crashed
"""


def solve(numbers):
    return [float("nan"), float("inf"), float("-inf"), 1e308 * 10]
