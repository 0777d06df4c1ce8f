"""The points at which a declared function is asked, and what its answers there tell."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import product
from random import Random
from typing import Final

from evogit.config.functions import Function
from evogit.genome.numeric import (
    FAILURES,
    UNREAD,
    Environment,
    Reader,
    bound_names,
    constants,
    read,
    read_function,
    replaces_calls,
)
from evogit.syntax import parse

MOST_POINTS: Final = 2600
"""So many points are asked, of more every k-th group of them."""
_MOST_ROWS: Final = 10_000
"""More combinations of the other arguments are drawn by chance instead of taken all."""
_SPARE: Final = 4
"""So many times as many points are looked at, since not all may meet the condition."""
_MOST_VALUES: Final = 200
"""Of a longer range of the ranked argument so many values are asked, evenly spaced."""
_MOST_NODES: Final = 500
"""A larger function is not read: that would cost more than an evaluation may."""

Group = Sequence[Environment]
_Values = int | float | tuple[int, int] | tuple[float, float]


class Inputs:
    """A declared function with the points it is asked at. Reading it is thread-safe.

    Args:
        function: what was declared; the same declaration gives the same points.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.groups = _thinned([g for g in _groups(function) if g])

    def answers(self, tree: ast.Module, text: str) -> bytes | None:
        """A digest of what the function answers: equal if it answers alike, or ranks alike.

        Args:
            tree: the module that should hold it.
            text: its source.

        Returns:
            ``None`` if the module does not define it once, it has other arguments than declared, can
            not be read, is too large, or somewhere fails or answers with no number, or if nothing is
            ever asked: then it says too little.
        """
        node = self._definition(tree)
        if node is None or not self.groups or sum(1 for _ in ast.walk(node)) > _MOST_NODES:
            return None
        digest = sha256()
        try:
            function = read_function(node, constants(tree, text))
            if set(function.arguments) != set(self.function.arguments):
                return None
            for group in self.groups:
                values = [function.answer(point) for point in group]
                numbers = [value for value in values if value is not None and not math.isnan(value)]
                if len(numbers) < len(values):
                    return None
                digest.update(repr(self._told(numbers)).encode())
        except (*UNREAD, *FAILURES):
            return None
        return digest.digest()

    def _definition(self, tree: ast.Module) -> ast.FunctionDef | None:
        name = self.function.name
        if replaces_calls(tree):
            return None
        found = [node for node in tree.body if name in bound_names(node)]
        return found[0] if len(found) == 1 and isinstance(found[0], ast.FunctionDef) else None

    def _told(self, values: Sequence[float]) -> Sequence[object]:
        if self.function.ranks is None:
            # Sums in another order are the same, and so are 0.0 and -0.0.
            return [f"{value + 0.0:.12g}" for value in values]
        ranks = {value: rank for rank, value in enumerate(sorted(set(values)))}
        return [ranks[value] for value in values]


def _groups(function: Function) -> Iterator[list[Environment]]:
    """Points that differ in the ranked argument alone; without one, every point by itself."""
    ranked = function.ranks
    others = {n: v for n, v in function.arguments.items() if n != ranked}
    line = _line(function.arguments[ranked]) if ranked is not None else [0.0]
    asked = read(parse(function.where, "eval").body) if function.where else None
    random = Random(repr(function))
    rows = list(_rows(others, random))
    if sum(_count(values) > 1 for values in others.values()) > 1:
        random.shuffle(rows)  # every k-th would ask for the same few values of one of them
    most = max(_SPARE * MOST_POINTS // len(line), 1)
    for row in rows[:: -(-len(rows) // most)]:
        points = [row | {ranked: value} if ranked is not None else row for value in line]
        yield [point for point in points if asked is None or _holds(asked, point)]


def _rows(axes: Mapping[str, _Values], random: Random) -> Iterator[Environment]:
    """All combinations if that is possible and they are not too many, else as many by chance."""
    counts = [_count(values) for values in axes.values()]
    if math.prod(counts) <= _MOST_ROWS:
        lines = [_line(values) for values in axes.values()]
        yield from (dict(zip(axes, row, strict=True)) for row in product(*lines))
    else:
        for _ in range(_MOST_ROWS):
            yield {name: _drawn(values, random) for name, values in axes.items()}


def _count(values: _Values) -> float:
    match values:
        case (int() as low, int() as high):
            return high - low + 1
        case tuple():
            return math.inf
        case _:
            return 1


def _line(values: _Values) -> list[float]:
    """All of a short whole range, else values from its one end to the other."""
    low, high = values if isinstance(values, tuple) else (values, values)
    count = min(_count(values), _MOST_VALUES)
    if low == high or count == 1:
        return [float(low)]
    steps = int(count) - 1
    found = [low + (high - low) * step / steps for step in range(steps + 1)]
    whole = isinstance(low, int) and isinstance(high, int)
    return [float(round(value)) if whole else value for value in found]


def _drawn(values: _Values, random: Random) -> float:
    match values:
        case (int() as low, int() as high):
            return float(random.randint(low, high))
        case (low, high):
            return random.uniform(low, high)
        case _:
            return float(values)


def _holds(condition: Reader, point: Environment) -> bool:
    try:
        return bool(condition(point))
    except FAILURES:
        return False


def _thinned(groups: Sequence[Group]) -> list[Group]:
    """Every k-th group, so that not too many points are left."""
    for step in range(1, len(groups) + 1):
        if sum(map(len, groups[::step])) <= MOST_POINTS:
            return list(groups[::step])
    return []
