"""Tries to break whoever cleans up: folders a thousand deep, longer than any path may be.

Expected: nothing gained, in plain processes too
"""

import os

os.chdir(os.environ["HOME"])
for _ in range(1500):
    os.mkdir("d" * 20)
    os.chdir("d" * 20)
open("bottom", "w").close()
print("done")
