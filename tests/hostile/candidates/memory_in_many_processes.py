"""Tries to take more memory than allowed, a small part in each of several processes.

Expected: ended by memory, in plain processes too
"""

import os
import time

for _ in range(6):
    if os.fork() == 0:
        block = b"x" * (40 * 2**20)
        time.sleep(600)
time.sleep(600)
