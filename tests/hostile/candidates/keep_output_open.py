"""Tries to block the reader: exits while a child keeps standard output open.

Expected: nothing gained, in plain processes too
"""

import os
import time

if os.fork() == 0:
    os.setsid()
    time.sleep(600)
print("done", flush=True)
os._exit(0)
