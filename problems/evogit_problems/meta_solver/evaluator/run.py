"""Lets the candidate find a heuristic with the help of a model, and packs with it; all in the sandbox."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from packing import CAPACITY, items

PLANS = {
    "train": [(kind, 120) for kind in ("uniform", "triplet") for _ in range(8)],
    "holdout": [
        (kind, size) for kind in ("uniform", "triplet") for size in (60, 249) for _ in range(6)
    ],
}


def instances(plan: str) -> list[list[int]]:
    """What is packed in the end, and scored."""
    return [items(kind, n, f"meta/{plan}/{i}") for i, (kind, n) in enumerate(PLANS[plan])]


def ask(prompt: str) -> str | None:
    """The model's answer through the judge; ``None`` if there is none."""
    sys.__stdout__.write(json.dumps({"prompt": prompt}) + "\n")
    sys.__stdout__.flush()
    line = sys.stdin.readline()
    found: Any = json.loads(line) if line else {}
    text = found.get("text")
    return text if isinstance(text, str) else None


def main(plan: str) -> None:
    """Show the candidate other instances than the scored ones; print where each item goes."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    import solver  # pyright: ignore[reportMissingImports]

    examples = [
        items(kind, 120, f"meta/example/{i}") for i, kind in enumerate(["uniform", "triplet"] * 3)
    ]
    source = solver.solve(ask, examples, CAPACITY)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  # the sandbox is what keeps it in
    answer = [list(scope["pack"](list(sizes), CAPACITY)) for sizes in instances(plan)]
    sys.__stdout__.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
