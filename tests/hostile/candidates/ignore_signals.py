"""Tries to outlive its time by ignoring every signal that can be ignored.

Expected: ended by wall, in plain processes too
Limits: wall = 0.7
"""

import signal
import time

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
end = time.monotonic() + 600
while time.monotonic() < end:
    time.sleep(0.05)
