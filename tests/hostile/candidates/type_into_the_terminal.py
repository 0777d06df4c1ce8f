"""Tries to type commands into the user's terminal (TIOCSTI), or to open it.

Expected: nothing gained
"""

import fcntl
import os

for fd in (0, 1, 2):
    try:
        fcntl.ioctl(fd, 0x5412, b"x")
        print("ESCAPED: TIOCSTI", fd)
    except OSError:
        pass
try:
    os.open("/dev/tty", os.O_RDWR)
    print("ESCAPED: /dev/tty")
except OSError:
    pass
print("done")
