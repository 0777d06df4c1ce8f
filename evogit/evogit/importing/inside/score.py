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
    if facts["metric"] is None and facts["format"] == "openevolve":
        return by_their_rule(answer, finite)
    return chosen(answer, finite, facts)


def table(value: Any) -> dict[str, Any] | None:
    """A JSON object, or ``None`` for anything else."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def is_finite(value: Any) -> bool:
    """Whether a value is a number that counts."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def by_their_rule(answer: dict[str, Any], finite: dict[str, float]) -> dict[str, object]:
    """The score as openevolve computes it, which needs more than the numbers here: see ``load.py``."""
    score: Any = answer.get("score")
    if is_finite(score):
        return {"score": float(score), "metrics": finite}
    if "score" in answer:
        return {"failed": "combined_score, or the mean in its place, is not a finite number"}
    return {"failed": "there are no numbers among the metrics"}


def chosen(
    answer: dict[str, Any], finite: dict[str, float], facts: dict[str, Any]
) -> dict[str, object]:
    """The metric that is the score, or the only one where none was named."""
    names: list[str] = [facts["metric"]] if facts["metric"] else list(NAMES)
    for name in names:
        if name in finite:
            return {"score": finite[name], "metrics": finite}
        if name in answer["metrics"]:
            return {"failed": f"{name} is not a finite number"}
    rest = [value for name, value in finite.items() if name != "error"]
    if facts["metric"] is None and len(rest) == 1:
        return {"score": rest[0], "metrics": finite}
    return {"failed": f"{missing(answer, names)}; {others(finite)}"}


def missing(answer: dict[str, Any], names: list[str]) -> str:
    """Why none of these names gives the score."""
    wrong = [name for name in names if name in answer.get("no_number", ())]
    return f"{wrong[0]} is no number" if wrong else f"no metric is called {' or '.join(names)}"


def others(finite: dict[str, float]) -> str:
    """What could be named instead."""
    if not finite:
        return "there are no numbers among the metrics"
    return f"there is {', '.join(sorted(finite)[:20])}: name one with --metric when importing"


if __name__ == "__main__":
    main()
