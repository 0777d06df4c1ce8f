"""Tries to write one file larger than allowed.

Expected: ended by disk, in plain processes too
"""

import os
import signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
with open(os.path.join(os.environ["HOME"], "huge"), "wb") as file:
    for _ in range(1000):
        file.write(b"x" * 2**20)
print("ESCAPED")
