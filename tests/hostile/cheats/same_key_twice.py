"""Tries to have two readers see two answers: a key twice, an object where a list belongs.

Expected: Crashed or Scored 0
"""

import os

os.write(1, b'{"answers": [], "answers": 5, "score": 5, "score": 1e9}\n')
os._exit(0)
