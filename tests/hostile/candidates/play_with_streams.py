"""Tries to reach whoever holds the other ends of its streams.

Expected: nothing gained or dies
"""

import fcntl
import os
import signal

for fd in (0, 1, 2):
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        try:
            other = os.open(f"/proc/self/fd/{fd}", flags | os.O_NONBLOCK)
            os.ftruncate(other, 0)
        except OSError:
            pass
    for command, value in ((1031, 4096), (fcntl.F_SETOWN, -1), (10, signal.SIGKILL), (1033, 15)):
        try:
            fcntl.fcntl(fd, command, value)
        except OSError:
            pass
    try:
        os.fchmod(fd, 0)
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
    except OSError:
        pass
os.write(1, b"done\n")
os._exit(0)
