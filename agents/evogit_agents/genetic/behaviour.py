"""What small numeric functions do, found by trying them on a few numbers.

An offspring that behaves like its parent only costs an evaluation; noticing that beforehand is the
idea of semantically driven mutation (Beadle and Johnson, "Semantically driven mutation in genetic
programming", IEEE CEC 2009). Nothing is run (``evogit.genome.numeric``). Agreement on the points tried
is evidence, not proof; it only steers what is proposed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Hashable
from contextlib import suppress
from functools import lru_cache
from random import Random
from typing import Final

from evogit.genome.numeric import (
    FAILURES,
    UNREAD,
    Environment,
    NumericFunction,
    constants,
    read_function,
)

MAX_TEXT: Final = 8192
"""Of a larger file nothing is known: reading its behaviour would cost more than it saves."""

_POINTS: Final = 48


def behaviours(tree: ast.Module, text: str) -> tuple[Hashable, ...] | None:
    """What each top-level statement does; equal for two sources that seem to do the same.

    A function of numbers, and of the module's plain numeric constants, is told by its answers,
    anything else by its syntax. ``None`` if the text is too large to look at.
    """
    if len(text) > MAX_TEXT:
        return None
    known = constants(tree, text)
    return tuple(_statement(node, known) for node in tree.body)


def _statement(node: ast.stmt, known: Environment) -> Hashable:
    if isinstance(node, ast.FunctionDef):
        with suppress(*UNREAD):
            function = read_function(node, known)
            points = _points(function.whole)
            answers = [_answer(function, point) for point in points]
            return (function.name, *function.arguments, *answers)
    return ast.dump(node)


def _answer(function: NumericFunction, point: list[float]) -> Hashable:
    try:
        value = function.answer(dict(zip(function.arguments, point, strict=True)))
    except FAILURES as error:
        return type(error).__name__
    return "nan" if value is not None and math.isnan(value) else value


@lru_cache(maxsize=64)
def _points(whole: tuple[bool, ...]) -> list[list[float]]:
    """Small numbers, half of the time in rising order, some equal: what conditions ask about.

    Arguments that are not whole may be fractions or below zero; whole ones are mostly counts.
    """
    random = Random(len(whole))
    points: list[list[float]] = []
    for number in range(_POINTS):
        point = [float(round(10 ** random.uniform(0, 2.3))) for _ in whole]
        if number % 2:
            point.sort()
        if len(point) > 1 and random.random() < 0.3:
            one, two = random.sample(range(len(point)), 2)
            point[one] = point[two]
        if number % 4 == 0:
            point = [
                x if w else x * random.choice((-1, 0.01, -0.1))
                for x, w in zip(point, whole, strict=True)
            ]
        points.append(point)
    return points
