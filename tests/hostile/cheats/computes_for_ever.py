"""Tries to compute for ever, ignoring every signal.

Expected: TimedOut
"""

import signal

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)


def solve(numbers):
    while True:
        pass
