"""Tries to change the time that others measure by.

Expected: nothing gained
"""

import ctypes
import os
import struct
import time

libc = ctypes.CDLL(None)
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
    try:
        time.clock_settime(clock, time.clock_gettime(clock) + 3600)
        print("ESCAPED: clock", clock)
    except OSError:
        pass
if libc.settimeofday(struct.pack("qq", 0, 0), None) == 0:
    print("ESCAPED: settimeofday")
if libc.adjtimex(struct.pack("I4xqqq", 0x4002, 0, 0, 0) + bytes(400)) >= 0:
    print("ESCAPED: adjtimex")
for path in ("/proc/self/timens_offsets", "/dev/rtc", "/dev/rtc0", "/dev/ptp0"):
    try:
        os.close(os.open(path, os.O_RDWR))
        print("ESCAPED:", path) if path.startswith("/dev") else None
    except OSError:
        pass
print("done")
