"""Tries to change itself, the evaluator, the interpreter and the system.

Expected: nothing gained
"""

import os
import sys

for folder in ("/candidate", "/eval", "/usr/bin", sys.prefix, "/", "/etc", "/proc", "/opt"):
    try:
        with open(os.path.join(folder, "planted"), "w") as file:
            file.write("ESCAPED")
        print("ESCAPED:", folder)
    except OSError:
        pass
for path in ("/eval/evaluate.py", os.path.realpath(sys.executable)):
    for attempt in (
        lambda path: os.chmod(path, 0o777),
        lambda path: os.unlink(path),
        lambda path: os.rename(path, path + "2"),
        lambda path: open(path, "a").close(),
        lambda path: os.utime(path),
    ):
        try:
            attempt(path)
            print("ESCAPED:", path)
        except OSError:
            pass
print("done")
