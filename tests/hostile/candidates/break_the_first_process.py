"""Tries to break the first process of its namespace, which reports how everything ended.

Expected: nothing gained or dies
"""

import os
import re
import signal

print("done", flush=True)
if os.getpid() != 1:
    try:
        with open("/proc/1/maps") as maps, open("/proc/1/mem", "r+b", buffering=0) as memory:
            for line in maps:
                start, end, access = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
                if "w" in access:
                    try:
                        memory.seek(int(start, 16))
                        memory.write(b"\xff" * (int(end, 16) - int(start, 16)))
                    except (OSError, OverflowError):
                        pass
    except OSError:
        pass
    for number in (signal.SIGCHLD, signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP):
        try:
            os.kill(1, number)
        except OSError:
            pass
