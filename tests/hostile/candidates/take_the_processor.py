"""Tries to run before everybody else: real-time scheduling, negative niceness, input priority.

Expected: nothing gained
"""

import ctypes
import os

for policy in (os.SCHED_FIFO, os.SCHED_RR):
    for pid in (0, os.getppid(), 1):
        try:
            os.sched_setscheduler(pid, policy, os.sched_param(50))
            print("ESCAPED: scheduling", policy)
        except OSError:
            pass
for which, who in ((os.PRIO_PROCESS, 0), (os.PRIO_PGRP, 0), (os.PRIO_USER, 0)):
    try:
        os.setpriority(which, who, -20)
        print("ESCAPED: niceness", which)
    except OSError:
        pass
if ctypes.CDLL(None).syscall(251, 1, 0, 1 << 13) == 0:  # ioprio_set: real time
    print("ESCAPED: ioprio")
print("done")
