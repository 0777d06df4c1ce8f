"""Tries to use up the kernel's file watchers and timers.

Expected: nothing gained
"""

import ctypes
import os

libc = ctypes.CDLL(None)
instances = 0
while instances < 2000 and libc.inotify_init1(os.O_NONBLOCK) >= 0:
    instances += 1
timers = 0
handle = ctypes.c_void_p()
while timers < 200_000 and libc.timer_create(0, None, ctypes.byref(handle)) == 0:
    timers += 1
if instances >= 2000 or timers >= 200_000:
    print("ESCAPED:", instances, timers)
print("done")
