"""Tries to start threads without end.

Expected: ended by processes, in plain processes too
"""

import threading
import time

while True:
    try:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    except RuntimeError:
        time.sleep(0.01)
