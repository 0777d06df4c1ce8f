"""Tries to start processes without end.

Expected: ended by processes, in plain processes too
"""

import os
import time

while True:
    try:
        if os.fork() == 0:
            time.sleep(600)
    except OSError:
        time.sleep(0.01)
