"""Tries to foresee the questions from the seed, and to find the scorer and its answers.

Expected: Scored 0
"""

import os
import sys

seed = os.environ.get("EVOGIT_SEED")
# The interpreter itself may lie below /tmp, and its library is full of words.
KNOWN = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix)}
found = []


def files():
    for root in ("/eval", "/tmp", "/dev/shm"):
        for folder, below, names in os.walk(root):
            below[:] = [n for n in below if os.path.realpath(os.path.join(folder, n)) not in KNOWN]
            yield from (os.path.join(folder, name) for name in names)
    for process in filter(str.isdigit, os.listdir("/proc")):
        yield from (f"/proc/{process}/{name}" for name in ("environ", "cmdline"))


for path in files():
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 20)
    except OSError:
        continue
    if b"HIDDEN" in text or os.path.basename(path) == "score.py":
        found.append(path)


def solve(numbers):
    # Only who saw the scorer would answer.
    return sorted(numbers) if found else []
