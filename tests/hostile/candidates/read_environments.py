"""Tries to find a key in its own environment or that of any process it can see.

Expected: nothing gained
"""

import glob
import os

needle = os.environ["NEEDLE"][::-1].encode()
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        with open(path, "rb") as file:
            if needle in file.read():
                print("ESCAPED:", path)
    except OSError:
        pass
print("done")
