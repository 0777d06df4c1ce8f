"""Tries to take more memory than allowed in one process.

Expected: ended by memory, in plain processes too
"""

import time

blocks = []
for _ in range(200):
    blocks.append(b"x" * 2**23)
time.sleep(600)
