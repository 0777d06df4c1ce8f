"""Tries to fool whoever reads /proc/PID/stat with parentheses and line breaks in its name.

Expected: ended by cpu, in plain processes too
Limits: cpu = 0.5
"""

import ctypes

ctypes.CDLL(None).prctl(15, b"x) R 1 1\n1 (0 0", 0, 0, 0)  # PR_SET_NAME
while True:
    pass
