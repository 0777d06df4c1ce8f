"""Tries to hide processor time in children too short-lived to be seen, of a parent who ignores them.

Their time is in nobody's count, so at the latest the wall-clock limit ends it.
Expected: ended by cpu or ended by wall
Limits: cpu = 0.5, wall = 1.5
"""

import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        end = time.monotonic() + 0.008
        while time.monotonic() < end:
            pass
        os._exit(0)
    try:
        os.wait()
    except ChildProcessError:
        pass
