"""Tries to wait for input that never comes, and to give itself some.

Expected: nothing gained, in plain processes too
"""

import os
import sys

if sys.stdin.read():
    print("ESCAPED: input")
for path in ("/dev/stdin", "/proc/self/fd/0"):
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(b"planted")
    except OSError:
        pass
if os.read(0, 100):
    print("ESCAPED: wrote its own input")
print("done")
