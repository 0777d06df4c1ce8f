"""Tries to neither run nor end: stops itself, and continues when woken.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import os
import signal
import time

while True:
    os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(0, signal.SIGTSTP)
    time.sleep(0.01)
