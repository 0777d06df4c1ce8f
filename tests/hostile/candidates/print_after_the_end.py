"""Tries to add to its output when it has ended, from a process it leaves behind.

Expected: nothing gained
"""

import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(0.1)
    os.write(1, b"ESCAPED\n")
    os._exit(0)
os.write(1, b"done\n")
os._exit(0)
