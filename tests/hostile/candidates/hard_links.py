"""Tries to take hold of files outside its scratch space by second names for them.

Expected: nothing gained
"""

import os
import sys

targets = ["/usr/bin/env", sys.executable, __file__, "/candidate/spin.py", "/proc/self/exe"]
for number, target in enumerate(targets):
    for follow in (True, False):
        try:
            os.link(target, f"/tmp/{number}{follow}", follow_symlinks=follow)
            if os.stat(f"/tmp/{number}{follow}").st_nlink > 1:
                print("ESCAPED:", target)
        except OSError:
            pass
fd = os.open(__file__, os.O_RDONLY)
try:
    os.link(f"/proc/self/fd/{fd}", "/tmp/held", follow_symlinks=True)
    print("ESCAPED: by descriptor")
except OSError:
    pass
print("done")
