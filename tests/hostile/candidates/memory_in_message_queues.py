"""Tries to hold kernel memory in POSIX message queues.

Expected: nothing gained or ended by memory
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
queues = 0
while queues < 100_000:
    name = f"/evogit-hostile-{queues}".encode()
    if libc.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None) < 0:
        break
    queues += 1
if queues > 1000:
    print("ESCAPED:", queues)
print("done")
