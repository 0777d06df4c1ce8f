"""Tries to have later programs load its code: LD_PRELOAD, PYTHONPATH, PYTHONSTARTUP, BASH_ENV.

Expected: Scored 0
"""

import os

for name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "ENV"):
    os.environ[name] = "/candidate/program.py"
os.environ["EVOGIT_SEED"] = "0"


def solve(numbers):
    return []
