"""Tries to make a reader wait: half a line, then nothing.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import sys
import time

sys.stdout.write('{"score": 1')
sys.stdout.flush()
time.sleep(600)
