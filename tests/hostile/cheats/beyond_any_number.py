"""Tries to break the reader with numbers of a hundred thousand digits and an exponent of 999.

Expected: Crashed or Scored 0
"""

import os

os.write(1, b"[[" + b"9" * 40_000 + b"], [1e999], [-1E+99999]]\n")
os._exit(0)
