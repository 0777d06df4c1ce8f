"""Tries to answer all questions before they are asked, then ends as if all were well.

Expected: Scored 0 or Crashed
"""

import os

os.write(1, b"[0, 1, 2, 3, 4, 5, 6, 7]\n" * 5)
os._exit(0)
