"""Tries to fill the disk with many files.

Expected: ended by disk, in plain processes too
"""

import os
import time
from pathlib import Path

folder = Path(os.environ["HOME"])
for number in range(10_000):
    try:
        folder.joinpath(str(number)).write_bytes(b"x" * 2**20)
    except OSError:
        time.sleep(0.01)
