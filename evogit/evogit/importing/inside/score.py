"""Reads what a foreign evaluator said, apart from it and the candidate: strictly, finite numbers only.

Which number is the score was decided when the problem was imported (``import.json``). It can not be
computed anew here: the evaluator judged the candidate inside the candidate's process.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

MOST = 2**20
NAMES = ("combined_score", "score")


def main() -> None:
    """Print score and metrics, or why there are none, as JSON."""
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("import.json").read_text("utf-8"))
    print(json.dumps(judge(sys.stdin.read(MOST + 1), facts)))  # noqa: T201


def judge(said: str, facts: dict[str, Any]) -> dict[str, object]:
    """The scorer's answer to one line from ``run.py``."""
    try:
        answer = table(json.loads(said) if len(said) <= MOST else None)
    except (ValueError, RecursionError):
        answer = None
    if answer is None:
        return {"failed": "what the evaluator said can not be read"}
    if "failed" in answer:
        return {"failed": str(answer["failed"])[:1000]}
    metrics = table(answer.get("metrics"))
    if metrics is None:
        return {"failed": "the evaluator gave no metrics"}
    finite = {name: float(value) for name, value in metrics.items() if is_finite(value)}
    return chosen(metrics, finite, facts)


def table(value: Any) -> dict[str, Any] | None:
    """A JSON object, or ``None`` for anything else."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def is_finite(value: Any) -> bool:
    """Whether a value is a number that counts."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def chosen(
    metrics: dict[str, Any], finite: dict[str, float], facts: dict[str, Any]
) -> dict[str, object]:
    """The metric that is the score, or the mean of all where that is the foreign system's rule."""
    names = [facts["metric"]] if facts["metric"] else list(NAMES)
    for name in names:
        if name in finite:
            return {"score": finite[name], "metrics": finite}
        if name in metrics:
            return {"failed": f"{name} is not a finite number"}
    rest = [value for name, value in finite.items() if name != "error"]
    if facts["metric"] is None and rest and (facts["format"] == "openevolve" or len(rest) == 1):
        return {"score": sum(rest) / len(rest), "metrics": finite}
    found = ", ".join(sorted(finite)[:20]) or "no numbers"
    return {
        "failed": f"no metric called {' or '.join(names)}; there is {found}: import with --metric"
    }


if __name__ == "__main__":
    main()
