"""Tries to hold its place without using anything.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import time

time.sleep(600)
