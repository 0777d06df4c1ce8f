"""Scores a heuristic for offline bin packing; runs apart from the candidate.

It draws the items, sends all instances as one line of JSON, checks that every item is packed once and
no bin overflows, and counts the bins itself. Excess is bins over the lower bound (``packing``), minus 1.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from typing import Any

from exact import listed, report
from packing import CAPACITY, items, lower_bound, used

PLANS = {
    "train": {("uniform", 120): 8, ("triplet", 120): 8},
    "holdout": {(kind, size): 8 for kind in ("uniform", "triplet") for size in (60, 120, 249, 501)},
}


def send(instances: list[list[int]]) -> None:
    """Show all items. A candidate that has gone is noticed when its answer is read."""
    data = (json.dumps([CAPACITY, instances]) + "\n").encode()
    channel = int(os.environ.get("EVOGIT_CHANNEL", "3"))
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(channel, data) :]


def main(plan: str, seed: int) -> None:
    """Show the items of a plan, judge the packings, print the answer for the kernel."""
    kinds = [group for group, count in PLANS[plan].items() for _ in range(count)]
    instances = [
        items(kind, size, f"bins/{plan}/{seed}/{i}") for i, (kind, size) in enumerate(kinds)
    ]
    send(instances)

    def judge(answer: Any) -> tuple[float, dict[str, float]]:
        answers = listed(answer, range(len(instances), len(instances) + 1), "packing")
        excess: dict[str, list[float]] = {}
        for group, sizes, given in zip(kinds, instances, answers, strict=True):
            found = used(sizes, given) / lower_bound(sizes) - 1
            excess.setdefault(f"excess_{group[0]}_{group[1]}", []).append(found)
        means = {name: math.fsum(found) / len(found) for name, found in excess.items()}
        return math.fsum(means.values()) / len(means), means

    report(judge)


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ["EVOGIT_SEED"]))
