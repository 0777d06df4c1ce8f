"""Tries to leave a daemon behind: double fork, own session, every stream closed.

Expected: nothing gained, in plain processes too
"""

import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(64):
            try:
                os.close(fd)
            except OSError:
                pass
        time.sleep(600)
    os._exit(0)
os.wait()
print("done")
