"""Tries to outrun the measurement: each process starts the next one and ends.

Expected: ended by cpu or ended by processes or ended by wall
Limits: cpu = 0.5, wall = 1.5
"""

import os
import time

if os.fork() == 0:
    while True:
        end = time.monotonic() + 0.005
        while time.monotonic() < end:
            pass
        if os.fork():
            os._exit(0)
time.sleep(600)
