"""Tries to outrun SIGKILL: a process that is always another one by the time it is found.

Expected: ended by processes or ended by wall
Limits: wall = 0.7
"""

import os
import time

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
time.sleep(600)
