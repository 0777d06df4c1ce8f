"""Tries to make wrong answers look right by replacing json, sorted, random, time and comparison.

Expected: Scored 0 or Crashed
"""

import builtins
import json
import random
import sys
import time

json.dumps = lambda *_, **__: '{"score": 5}'
json.JSONEncoder.encode = lambda *_: "[[1]]"
builtins.sorted = lambda *_, **__: []
random.seed(0)
random.Random.randrange = lambda *_: 0
random.Random.random = lambda *_: 0.0
time.perf_counter = time.monotonic = time.time = lambda: 0.0
sys.modules["json"] = sys.modules["random"] = sys.modules[__name__]


def solve(numbers):
    numbers.clear()
    return []
