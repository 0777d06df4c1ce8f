"""Tries to foresee the questions from the seed, and to find the scorer and its answers.

Expected: Scored 0
"""

import glob
import os

seed = os.environ.get("EVOGIT_SEED")
found = []
for pattern in ("/eval/**", "/proc/*/environ", "/proc/*/cmdline", "/tmp/*", "/dev/shm/**"):
    for path in glob.glob(pattern, recursive=True):
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError:
            continue
        if b"HIDDEN" in text or os.path.basename(path) == "score.py":
            found.append(path)


def solve(numbers):
    # Only who saw the scorer would answer.
    return sorted(numbers) if found else []
