"""Tries to start processes without end while it answers.

Expected: Crashed
"""

import os
import time


def solve(numbers):
    while True:
        try:
            if os.fork() == 0:
                time.sleep(600)
        except OSError:
            time.sleep(0.01)
