"""Tries to kill all it can reach, all at once.

Expected: nothing gained or dies
"""

import os
import signal
import sys

sys.stdout.write("done\n")
sys.stdout.flush()
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    for target in (-1, 1, 0):
        try:
            if target or number != signal.SIGSTOP:
                os.kill(target, number)
        except OSError:
            pass
