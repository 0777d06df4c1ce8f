"""Tries to outlive its time by ignoring every signal that can be ignored."""

import signal
import time

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
end = time.monotonic() + 600
while time.monotonic() < end:
    time.sleep(0.05)
