"""Tries to use up the one quota of asynchronous I/O that all programs of the machine share.

Expected: nothing gained
"""

import ctypes
import platform

libc = ctypes.CDLL(None)
call = 206 if platform.machine() == "x86_64" else 0
context = ctypes.c_ulong(0)
if libc.syscall(call, 60_000, ctypes.byref(context)) == 0:
    print("ESCAPED: io_setup")
print("done")
