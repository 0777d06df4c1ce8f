"""Tries to flood whoever reads its error output.

Expected: ended by output, in plain processes too
"""

import sys

while True:
    sys.stderr.write("x" * 2**16)
