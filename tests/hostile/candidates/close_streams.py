"""Tries to hide by closing every stream, and stays.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import os
import time

os.closerange(0, 256)
time.sleep(600)
