"""Tries to compute for ever in children that left the session, while the parent sleeps.

Expected: ended by cpu, in plain processes too
Limits: cpu = 0.5
"""

import os
import time

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
time.sleep(600)
