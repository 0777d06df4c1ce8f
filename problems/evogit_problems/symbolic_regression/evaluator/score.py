"""Scores a formula by its error on points it is shown without their values.

The points are uniform in [0, 1]^5 (SHAKE-256 of the seed), the values Friedman's first function without
noise (Friedman 1991, Annals of Statistics 19(1), p. 37). Score: root mean square error over the standard
deviation of the values; a constant reaches 1 at best, the function itself 0.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import sys
from hashlib import shake_256
from typing import Any

from exact import numbers, report

POINTS = {"train": 200, "holdout": 2000}
DIMENSIONS = 5


def friedman(x: list[float]) -> float:
    """The function that is to be found."""
    return 10 * math.sin(math.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4]


def points(count: int, name: str) -> list[list[float]]:
    """Points in the unit cube, each coordinate a multiple of 2^-32."""
    words = struct.unpack(
        f">{count * DIMENSIONS}I", shake_256(name.encode()).digest(4 * count * DIMENSIONS)
    )
    values = [word / 2**32 for word in words]
    return [values[i : i + DIMENSIONS] for i in range(0, len(values), DIMENSIONS)]


def send(found: list[list[float]]) -> None:
    """Show the points. A candidate that has gone is noticed when its answer is read."""
    data = (json.dumps(found) + "\n").encode()
    channel = int(os.environ.get("EVOGIT_CHANNEL", "3"))
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(channel, data) :]


def main(plan: str, seed: int) -> None:
    """Show the points of a plan, judge the values, print the answer for the kernel."""
    shown = points(POINTS[plan], f"friedman/{plan}/{seed}")
    send(shown)

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        given = [float(value) for value in numbers(answer, range(len(shown), len(shown) + 1))]
        true = [friedman(x) for x in shown]
        mean = math.fsum(true) / len(true)
        errors = math.fsum((a - b) ** 2 for a, b in zip(given, true, strict=True))
        spread = math.fsum((b - mean) ** 2 for b in true)
        return math.sqrt(errors / spread), {"rmse": math.sqrt(errors / len(true))}

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ["EVOGIT_SEED"]))
