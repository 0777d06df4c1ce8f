"""Tries to be unkillable: a parent that the kernel holds until its vfork child lets go.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import ctypes
import time

# The child borrows the parent's memory and never gives it back.
ctypes.PyDLL(None).vfork()
time.sleep(600)
