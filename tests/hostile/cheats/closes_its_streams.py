"""Tries to make the reader wait by closing its ends and living on.

Expected: Crashed or TimedOut or Scored 0
"""

import os
import time


def solve(numbers):
    os.closerange(0, 16)
    time.sleep(600)
