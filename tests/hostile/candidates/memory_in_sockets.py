"""Tries to hold memory that counts to no process: what nobody reads from socket pairs.

Expected: ended by memory
"""

import os
import socket
import time

for _ in range(12):
    if os.fork() == 0:
        break
kept = []
while True:
    try:
        for one in socket.socketpair():
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10**7)
            one.setblocking(False)
            kept.append(one)
            while True:
                one.send(b"x" * 2**16)
    except BlockingIOError:
        pass
    except OSError:
        time.sleep(0.05)
