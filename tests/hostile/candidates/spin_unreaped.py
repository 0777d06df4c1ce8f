"""Tries to hide processor time in children that are never waited for.

Expected: ended by cpu, in plain processes too
Limits: cpu = 0.5
"""

import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            pass
        os._exit(0)
    time.sleep(0.2)
