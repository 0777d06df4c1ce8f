"""Tries to find a git repository and to write a branch, a hook or a setting into it.

Expected: nothing gained
"""

import os
import sys

skipped = {"/proc", "/sys", "/usr", "/lib", "/lib64", "/bin", "/sbin", sys.prefix, sys.base_prefix}
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in skipped]
    if {"objects", "refs"} <= set(folders) and "HEAD" in files:
        print("ESCAPED:", folder)
        for place in ("refs/heads/planted", "hooks/post-checkout", "config"):
            try:
                with open(os.path.join(folder, place), "a") as file:
                    file.write("PLANTED")
            except OSError:
                pass
print("done")
