"""Tries to answer from two processes at once, one of which outlives the other.

Expected: Scored 0 or Crashed or TimedOut
"""

import os


def solve(numbers):
    if os.fork() == 0:
        os.setsid()
        while True:
            os.write(1, b'{"score": 5}\n[[]]\n')
    return []
