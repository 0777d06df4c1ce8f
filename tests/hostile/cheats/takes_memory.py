"""Tries to take more memory than allowed while it answers.

Expected: Crashed
"""


def solve(numbers):
    held = []
    while True:
        held.append(b"x" * 2**22)
