"""Tries to hold kernel memory that counts to no process: System V semaphores and queues.

Expected: nothing gained or ended by memory
"""

import ctypes

libc = ctypes.CDLL(None)
sets = 0
while sets < 200 and libc.semget(0, 32000, 0o1600) >= 0:  # 2 MB each
    sets += 1
queues = 0
message = ctypes.create_string_buffer(8 + 8192)
message[0] = b"\1"
while queues < 16_000:
    queue = libc.msgget(0, 0o1600)
    if queue < 0 or libc.msgsnd(queue, message, 8192, 0o4000) < 0:
        break
    queues += 1
if sets >= 200 or queues >= 16_000:
    print("ESCAPED:", sets, queues)
print("done")
