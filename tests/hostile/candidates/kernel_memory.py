"""Tries to read the kernel: its memory, log and keys.

Expected: nothing gained
"""

import ctypes
import os

for path in ("/proc/kcore", "/proc/kpagecount", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/kmsg"):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if os.read(fd, 64):
            print("ESCAPED:", path)
    except OSError:
        pass
if ctypes.CDLL(None).klogctl(3, ctypes.create_string_buffer(64), 64) > 0:
    print("ESCAPED: kernel log")
print("done")
