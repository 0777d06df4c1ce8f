"""Scores an answer. It runs apart from the candidate, never loads it, and believes none of its numbers.

What the candidate printed arrives on standard input. One JSON object goes out: {"score": number,
"metrics": {name: number}}, or {"failed": reason} for an answer that breaks the rules.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import combinations
from typing import Any, NoReturn

COUNT = 10
MOST_CHARACTERS = 100_000


class InvalidAnswerError(Exception):
    """The answer breaks the rules; says how."""


def refuse(text: str) -> NoReturn:
    """NaN and infinities are no numbers: every comparison with NaN is false."""
    raise InvalidAnswerError(f"{text} is not a number")


def read(text: str) -> Any:
    """The answer, if it is short enough and JSON."""
    if len(text) > MOST_CHARACTERS:
        raise InvalidAnswerError("the answer is too long")
    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise InvalidAnswerError("the answer is no JSON") from None


def point(value: Any) -> tuple[float, float]:
    """Two numbers from 0 to 1; booleans and texts are none."""
    match value:
        case [int() | float() as x, int() | float() as y] if not {type(x), type(y)} & {bool}:
            if 0 <= x <= 1 and 0 <= y <= 1:
                return float(x), float(y)
            raise InvalidAnswerError(f"({x}, {y}) is outside the square")
        case _:
            raise InvalidAnswerError(f"not a point: {str(value)[:60]}")


def judge(text: str) -> dict[str, object]:
    """The verdict on what the candidate printed."""
    answer = read(text)
    if not isinstance(answer, list) or len(answer) != COUNT:  # pyright: ignore[reportUnknownArgumentType]
        raise InvalidAnswerError(f"not a list of {COUNT} points")
    points = [point(value) for value in answer]  # pyright: ignore[reportUnknownVariableType]
    distances = [math.dist(a, b) for a, b in combinations(points, 2)]
    return {
        "score": min(distances),
        "metrics": {"mean_distance": math.fsum(distances) / len(distances)},
    }


def main() -> None:
    """Judge standard input."""
    try:
        verdict = judge(sys.stdin.read(MOST_CHARACTERS + 1))
    except InvalidAnswerError as error:
        verdict = {"failed": str(error)}
    print(json.dumps(verdict))  # noqa: T201


if __name__ == "__main__":
    main()
