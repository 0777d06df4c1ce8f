"""Tries to use descriptors that were left open by whoever started it.

Expected: nothing gained
"""

import os

for fd in range(3, 256):
    try:
        os.fstat(fd)
        print("ESCAPED: descriptor", fd, os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass
print("done")
