"""Tries to write to the scorer's pipes from their other ends, and to read its questions twice.

Expected: Scored 0 or Crashed or TimedOut
"""

import os

for fd in (0, 1, 2):
    for flags in (os.O_RDONLY, os.O_WRONLY):
        try:
            other = os.open(f"/proc/self/fd/{fd}", flags | os.O_NONBLOCK)
            os.write(other, b"[0, 0, 0, 0, 0, 0, 0, 0]\n") if flags else os.read(other, 100)
        except OSError:
            pass


def solve(numbers):
    return []
