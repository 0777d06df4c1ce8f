"""Tries to print more than is allowed before the answer.

Expected: Crashed or TimedOut
"""


def solve(numbers):
    while True:
        print("x" * 100_000)
