"""Computes many distances next to the candidate; what it prints must equal what the base prints."""

from __future__ import annotations

import os
import random
import sys

sys.path.insert(0, os.getcwd())  # noqa: PTH109

from distance import distance  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

PAIRS = 60


def main() -> None:
    """Words of a few letters that share much, as spelling correctors and sequence tools see them."""
    chance = random.Random(20240117)
    for _ in range(PAIRS):
        word = chance.choices("acgt", k=chance.randint(20, 60))
        other = [chance.choice("acgt") if chance.random() < 0.2 else letter for letter in word]
        del other[chance.randrange(len(other))]
        print(int(distance("".join(word), "".join(other))))  # noqa: T201  # pyright: ignore[reportUnknownArgumentType]


if __name__ == "__main__":
    main()
