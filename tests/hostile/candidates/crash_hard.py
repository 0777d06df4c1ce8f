"""Dies of a memory fault in native code, in several processes at once.

Expected: dies
"""

import ctypes
import os

for _ in range(3):
    os.fork()
ctypes.string_at(8)
