"""Tries to hold more open files than allowed by sending them around instead of keeping them.

Expected: nothing gained or ended by memory
"""

import array
import os
import socket

fd = os.open("/dev/null", os.O_RDONLY)
kept = []
sent = 0
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 200))]
try:
    while sent < 20_000:
        one, other = socket.socketpair()
        kept += [one, other]
        one.setblocking(False)
        try:
            while sent < 20_000:
                one.sendmsg([b"x"], rights)
                sent += 200
        except BlockingIOError:
            pass
except OSError:
    pass
if sent >= 20_000:
    print("ESCAPED:", sent)
print("done", flush=True)
