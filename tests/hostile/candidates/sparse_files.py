"""Tries to claim a petabyte with files that hold nothing.

Expected: nothing gained or dies
"""

import os

home = os.environ["HOME"]
for number, size in enumerate((2**50, 2**40, 2**34)):
    try:
        os.truncate(os.open(f"{home}/{number}", os.O_CREAT | os.O_WRONLY), size)
        print("ESCAPED:", size)
    except OSError:
        pass
print("done")
