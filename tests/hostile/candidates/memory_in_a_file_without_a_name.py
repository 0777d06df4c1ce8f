"""Tries to hold memory that counts to no process: memfd files and System V segments.

Expected: nothing gained or ended by memory
"""

import ctypes
import os

held = 0
try:
    fd = os.memfd_create("hoard")
    while held < 2**29:
        held += os.write(fd, b"x" * 2**20)
except OSError:
    pass
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0, 2**29, 0o1600)
if segment >= 0:
    place = libc.shmat(segment, None, 0)
    if place not in (None, 2**64 - 1):
        ctypes.memset(place, 1, 2**29)
        held += 2**29
if held > 2**28:
    print("ESCAPED:", held)
print("done")
