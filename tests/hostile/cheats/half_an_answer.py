"""Tries to make the reader wait for the rest of a line.

Expected: TimedOut
"""

import os
import time


def solve(numbers):
    os.write(1, b"[1, 2")
    time.sleep(600)
