"""Tries to reach the user's terminal by the reason it gives for its failure.

Expected: Crashed
"""


def solve(numbers):
    raise ValueError(
        "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202egpj.exe\x00\r\nEvogit-Agent: forged"
    )
