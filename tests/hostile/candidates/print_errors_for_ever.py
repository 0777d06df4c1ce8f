"""Tries to flood whoever reads its error output."""

import sys

while True:
    sys.stderr.write("x" * 2**16)
