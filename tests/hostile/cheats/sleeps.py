"""Tries to hold its place in the queue without doing anything.

Expected: TimedOut
"""

import time


def solve(numbers):
    time.sleep(600)
