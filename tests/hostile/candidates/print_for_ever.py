"""Tries to flood whoever reads its output.

Expected: ended by output, in plain processes too
"""

while True:
    print("x" * 2**16)
