"""Tries to answer with objects that are equal to everything, and small to every comparison.

Expected: Scored 0 or Crashed
"""


class Equal(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    __lt__ = __gt__ = __le__ = __ge__ = __eq__


class Answer(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 8


def solve(numbers):
    return Answer([Equal(0)] * 8)
