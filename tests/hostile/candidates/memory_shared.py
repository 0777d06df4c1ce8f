"""Tries to take more memory than allowed as shared anonymous pages.

Expected: ended by memory, in plain processes too
"""

import mmap
import time

block = mmap.mmap(-1, 2**30)
for start in range(0, 2**30, 2**20):
    block[start : start + 2**20] = b"x" * 2**20
time.sleep(600)
