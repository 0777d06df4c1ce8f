"""Tries to see or use up the host's pseudo-terminals.

Expected: nothing gained
"""

import os

before = set(os.listdir("/dev/pts")) if os.path.isdir("/dev/pts") else set()
if before - {"ptmx"}:
    print("ESCAPED:", before)
opened = 0
try:
    while opened < 2000:
        os.openpty()
        opened += 1
except OSError:
    pass
if opened >= 2000:
    print("ESCAPED:", opened)
print("done")
