"""Tries to hold memory that counts to no process: what nobody reads from pipes.

Expected: nothing gained or ended by memory
"""

import fcntl
import os
import time

report, tell = os.pipe()


def fill():
    held = 0
    try:
        while True:
            _, end = os.pipe()
            try:
                fcntl.fcntl(end, 1031, 2**20)  # F_SETPIPE_SZ
            except OSError:
                pass
            os.set_blocking(end, False)
            try:
                while True:
                    held += os.write(end, b"x" * 2**16)
            except BlockingIOError:
                pass
    except OSError:
        return held


for _ in range(10):
    if os.fork() == 0:
        os.write(tell, b"%d\n" % fill())
        time.sleep(600)
told = b""
while told.count(b"\n") < 10:
    told += os.read(report, 4096)
if sum(map(int, told.split())) > 160 * 2**20:
    print("ESCAPED:", told)
print("done")
