"""Tries to find other candidates, their answers and the evaluator's hidden data.

Expected: nothing gained
"""

import glob
import os
import sys

for pattern in ("/tmp/*", "/dev/shm/*", "/eval/*", "/var/tmp/*", "/mnt/*", "/media/*"):
    for path in glob.glob(pattern):
        # An interpreter that itself lies below /tmp is visible there, and nothing beside it.
        if not any(own.startswith(path) for own in (sys.prefix, sys.base_prefix)):
            print("ESCAPED:", path)
for path in glob.glob("/proc/[0-9]*/cwd"):
    try:
        place = os.readlink(path)
    except OSError:
        continue
    if place not in ("/", "/candidate", "/tmp"):
        print("ESCAPED:", path, place)
print("done")
