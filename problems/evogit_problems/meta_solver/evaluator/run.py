"""Lets the candidate find a heuristic with the help of a model, and packs with it; all in the sandbox."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from packing import CAPACITY, meta_instances


def tell(line: str) -> None:
    """Say a line to whoever judges; ``print`` would do, had the candidate not got at it first."""
    os.write(1, (line + "\n").encode())


def ask(prompt: str) -> str | None:
    """The model's answer through the judge; ``None`` if there is none."""
    tell(json.dumps({"prompt": prompt}))
    line = sys.stdin.readline()
    found: Any = json.loads(line) if line else {}
    text = found.get("text")
    return text if isinstance(text, str) else None


def main(plan: str) -> None:
    """Show the candidate other instances than the scored ones; print where each item goes."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    import solver  # pyright: ignore[reportMissingImports]

    found: Any = solver
    source = found.solve(ask, meta_instances("example"), CAPACITY)
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102  # the sandbox is what keeps it in
    packed = [list(scope["pack"](list(sizes), CAPACITY)) for sizes in meta_instances(plan)]
    tell(json.dumps(packed))


if __name__ == "__main__":
    main(sys.argv[1])
