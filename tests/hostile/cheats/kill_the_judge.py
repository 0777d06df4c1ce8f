"""Tries to end whoever judges: every process it can name, its parent and its group.

Expected: Scored 0 or Crashed or TimedOut
"""

import os
import signal


def solve(numbers):
    for target in (os.getppid(), 1, -1, *range(2, 300)):
        if target != os.getpid():
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.kill(target, number)
                except OSError:
                    pass
    return []
