"""Tries to compute for ever.

Expected: ended by cpu, in plain processes too
Limits: cpu = 0.5
"""

while True:
    pass
