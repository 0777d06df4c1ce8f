"""Tries to hold memory that counts to no process: memfd files and System V segments."""

import ctypes
import os

try:
    os.memfd_create("hoard")
    print("ESCAPED: memfd")
except OSError:
    pass
if ctypes.CDLL(None).shmget(0, 2**20, 0o1600) >= 0:
    print("ESCAPED: shmget")
print("done")
