"""Tries to leave or change its control group, or to have the kernel run a program when it is empty.

Expected: nothing gained
"""

import glob
import os

for pattern in ("/sys/fs/cgroup/**/cgroup.procs", "/sys/fs/cgroup/**/release_agent"):
    for path in glob.glob(pattern, recursive=True)[:50]:
        try:
            with open(path, "w") as file:
                file.write(str(os.getpid()))
            print("ESCAPED:", path)
        except OSError:
            pass
for path in ("/proc/self/oom_score_adj",):
    try:
        with open(path, "w") as file:
            file.write("-1000")
        print("ESCAPED:", path)
    except OSError:
        pass
print("done")
