"""Tries to compute for ever."""

while True:
    pass
