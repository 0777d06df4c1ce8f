"""Tries to change the host's kernel settings, as root outside could.

Expected: nothing gained
"""

import os

for path in (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sysrq-trigger",
    "/proc/self/oom_score_adj_",
    "/sys/fs/cgroup/memory/notify_on_release",
    "/sys/kernel/uevent_helper",
    "/dev/mem",
    "/dev/vda",
    "/dev/kmsg",
):
    for flags in (os.O_WRONLY, os.O_RDWR):
        try:
            os.close(os.open(path, flags))
            print("ESCAPED:", path)
        except OSError:
            pass
print("done")
