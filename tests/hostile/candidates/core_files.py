"""Tries to have the kernel write a core file, or start the host's program for it as root.

Expected: nothing gained
"""

import os
import resource

before = set(os.listdir(os.environ["HOME"]))
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
# Exactly 1 also keeps the kernel from starting a core_pattern that is a program.
if hard > 1:
    print("ESCAPED: limit", hard)
if os.fork() == 0:
    os.chdir(os.environ["HOME"])
    os.abort()
_, status = os.wait()
if os.WCOREDUMP(status) or set(os.listdir(os.environ["HOME"])) - before:
    print("ESCAPED: core file")
print("done")
