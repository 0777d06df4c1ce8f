"""Tries to use up kernel memory with empty files in /dev/shm, which a limit in bytes does not see.

Expected: ended by disk or nothing gained
"""

import os

made = 0
try:
    for number in range(1_000_000):
        os.close(os.open(f"/dev/shm/{number}", os.O_CREAT | os.O_WRONLY))
        made += 1
except OSError:
    pass
if made > 100_000:
    print("ESCAPED:", made)
print("done")
