"""Tries to flood whoever reads its output."""

while True:
    print("x" * 2**16)
