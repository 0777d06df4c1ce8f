"""Tries to change what was printed at the very end: atexit, finalisers, threads that outlive main.

Expected: Crashed or Scored 0
"""

import atexit
import os
import threading
import time


def late():
    time.sleep(0.05)
    os.write(1, b'\n{"score": 5}\n')


class Last:
    def __del__(self):
        os.write(1, b'{"score": 5}\n')


atexit.register(os.write, 1, b'{"score": 5}\n')
threading.Thread(target=late).start()
last = Last()


def solve(numbers):
    return []
