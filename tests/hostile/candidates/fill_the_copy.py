"""Tries to fill memory through the private copy of its own folder.

Expected: ended by disk
Copy: yes
"""

import os
import time
from pathlib import Path

folder = Path(os.environ["EVOGIT_CANDIDATE"])
for number in range(10_000):
    try:
        folder.joinpath(str(number)).write_bytes(b"x" * 2**20)
    except OSError:
        time.sleep(0.01)
