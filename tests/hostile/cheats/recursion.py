"""Tries to break its interpreter and whoever compiles it: recursion without end.

Expected: Crashed
"""

import sys

sys.setrecursionlimit(2**30)


def solve(numbers):
    return solve(numbers)
