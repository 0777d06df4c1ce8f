"""Tries to fill memory through /dev, which is a file system of its own.

Expected: nothing gained
"""

import os

for folder in ("/dev", "/dev/pts", "/dev/mqueue", "/run", "/var", "/sys", "/proc/self"):
    for number in range(20):
        try:
            with open(os.path.join(folder, f"planted{number}"), "wb") as file:
                file.write(b"x" * 2**20)
            print("ESCAPED:", folder)
        except OSError:
            pass
print("done")
