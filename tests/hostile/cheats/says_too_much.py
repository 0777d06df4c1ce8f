"""Tries to burden the journal with a reason of megabytes, and an exception that can not be printed.

Expected: Crashed
"""

import sys


class Unprintable(Exception):
    def __str__(self):
        sys.stderr.write("x" * 5000)
        raise self


def solve(numbers):
    raise Unprintable
