"""Tries to burden whoever reads /proc: megabytes of arguments and environment, in many processes.

Expected: nothing gained
"""

import os
import sys

children = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        large = {f"X{n}": "x" * 100_000 for n in range(15)}
        try:
            os.execve(sys.executable, [sys.executable, "-c", "pass", "\n" * 100_000], large)
        except OSError:
            os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
print("done")
