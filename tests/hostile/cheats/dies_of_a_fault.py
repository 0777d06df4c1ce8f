"""Dies of a memory fault in native code.

Expected: Crashed
"""

import ctypes


def solve(numbers):
    ctypes.string_at(8)
