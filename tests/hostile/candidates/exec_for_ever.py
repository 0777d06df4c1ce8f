"""Tries to have its processor time forgotten by becoming a new program again and again.

Expected: ended by cpu, in plain processes too
Limits: cpu = 0.5
"""

import os
import sys

os.execv(sys.executable, [sys.executable, *sys.argv])
