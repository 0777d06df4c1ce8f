"""Tries to leave a result where an evaluator may look for it: files, descriptors, shared memory.

Expected: Crashed or Scored 0
"""

import os

text = b'{"score": 5}\n'
for folder in (".", "/eval", "/tmp", "/dev/shm", "/", "/candidate", os.environ.get("HOME", "/tmp")):
    for name in ("score.json", "result.json", "metrics.json", "score", "results/score.json"):
        try:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(text)
        except OSError:
            pass
for fd in range(3, 64):
    try:
        os.write(fd, text)
    except OSError:
        pass
os._exit(0)
