"""Tries to drown the scorer in answers.

Expected: Crashed or TimedOut or Scored 0
"""

import os


def solve(numbers):
    while True:
        os.write(1, b"[1]\n" * 1000)
