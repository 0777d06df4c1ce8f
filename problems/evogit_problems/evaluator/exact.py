"""Reads an answer exactly: numbers become fractions, and nothing in it can hurt the reader.

Problems that name ``evaluator/exact.py`` among their files get it from here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NoReturn

MAX_CHARACTERS = 2_000_000
NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,60})?(?:[eE][-+]?[0-9]{1,2})?")
"""At most 40 digits before and 60 after the point and an exponent below 100: a longer text could
stand for a number that fills the memory."""


class InvalidAnswerError(Exception):
    """The candidate's answer breaks the rules; says how."""


def number(text: str) -> Fraction:
    """A decimal number, exactly.

    Raises:
        InvalidAnswerError: it is too long.
    """
    if not NUMBER.fullmatch(text):
        raise InvalidAnswerError(f"not a number of sensible length: {text[:40]!r}")
    return Fraction(text)


def refuse(text: str) -> NoReturn:
    """NaN and infinities are no numbers."""
    raise InvalidAnswerError(f"{text} is not a number")


def read() -> Any:
    """The JSON on standard input, its numbers as fractions.

    Raises:
        InvalidAnswerError: it is too long, or no JSON.
    """
    text = sys.stdin.read(MAX_CHARACTERS + 1)
    if len(text) > MAX_CHARACTERS:
        raise InvalidAnswerError("the answer is too long")
    try:
        return json.loads(text, parse_float=number, parse_int=number, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(f"the answer is no JSON: {str(error)[:100]}") from None


def listed(value: Any, count: range, what: str) -> list[Any]:
    """A list; ``count`` says how long it may be.

    Raises:
        InvalidAnswerError: it is anything else.
    """
    if not _is_list(value) or len(value) not in count:
        raise InvalidAnswerError(
            f"not a list of {count.start} to {count.stop - 1} {what}s: {str(value)[:60]}"
        )
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def rows(answer: Any, count: range, width: int, what: str) -> list[list[Fraction]]:
    """A list of lists of numbers.

    Args:
        answer: what was read.
        count: how many rows there may be.
        width: how many numbers a row has.
        what: name of a row, for messages.

    Raises:
        InvalidAnswerError: it is anything else.
    """
    return [numbers(row, range(width, width + 1)) for row in listed(answer, count, what)]


def numbers(row: Any, count: range) -> list[Fraction]:
    """A list of numbers; ``count`` says how many there may be.

    Raises:
        InvalidAnswerError: it is anything else.
    """
    found = listed(row, count, "number")
    if not all(isinstance(value, Fraction) for value in found):
        raise InvalidAnswerError(f"not a number among {str(found)[:60]}")
    return found


def report(judge: Callable[[Any], tuple[float, dict[str, float]]]) -> None:
    """Print score and metrics of the answer on standard input, or why it is invalid, as JSON."""
    found: dict[str, object]
    try:
        score, metrics = judge(read())
        found = {"score": score, "metrics": metrics}
    except InvalidAnswerError as error:
        found = {"failed": str(error)}
    print(json.dumps(found))  # noqa: T201
