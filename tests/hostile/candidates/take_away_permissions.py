"""Tries to leave folders behind that nobody may open.

Expected: nothing gained, in plain processes too
"""

import os

home = os.environ["HOME"]
for number in range(20):
    os.makedirs(f"{home}/a{number}/b/c")
    open(f"{home}/a{number}/b/c/file", "w").close()
    os.chmod(f"{home}/a{number}/b/c/file", 0)
    os.chmod(f"{home}/a{number}/b/c", 0)
    os.chmod(f"{home}/a{number}/b", 0)
    os.chmod(f"{home}/a{number}", 0)
print("done")
