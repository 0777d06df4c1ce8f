"""Tries to see or signal processes that are not its own.

Expected: nothing gained
"""

import os
import signal

for pid in (int(os.environ["VICTIM"]), os.getppid(), 1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 5:
    print("ESCAPED: sees other processes")
print("done")
