"""Tries to break the reader with an answer nested fifty thousand deep.

Expected: Crashed or Scored 0
"""

import os

os.write(1, b"[" * 50_000 + b"\n")
os._exit(0)
