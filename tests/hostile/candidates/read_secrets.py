"""Tries to read what is none of its business: hidden tests, keys, other folders, host files.

Expected: nothing gained
"""

import glob
import os

for pattern in (
    os.environ["SECRET"],
    "/home/*/*",
    "/root/.ssh/*",
    "/root/.bash*",
    "/etc/shadow",
    "/etc/hostname",
    "/var/*",
    "/srv/*",
    "/mnt/*",
    "/run/*",
    "/sys/*",
    "/proc/1/root/home/*",
):
    for path in glob.glob(pattern):
        print("ESCAPED:", path)
print("done")
