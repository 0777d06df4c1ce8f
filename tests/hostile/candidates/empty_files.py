"""Tries to use up the file system with empty files.

Expected: ended by disk
"""

import os

folder = os.environ["HOME"]
for number in range(2_000_000):
    try:
        os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))
    except OSError:
        pass
