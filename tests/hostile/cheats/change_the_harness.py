"""Tries to walk up the stack and make whoever calls it believe that it answered.

Expected: Scored 0 or Crashed
"""

import gc
import sys


def solve(numbers):
    frame = sys._getframe()
    while frame is not None:
        for name, value in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if isinstance(value, list):
                value.clear()
            if name in ("score", "right", "answers", "expected"):
                frame.f_globals[name] = 5
        frame = frame.f_back
    for one in gc.get_objects():
        if type(one) is dict and "score" in one:
            one["score"] = 5
    return []
