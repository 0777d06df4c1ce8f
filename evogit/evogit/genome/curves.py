"""Curves: heights joined by straight lines, as one Python expression that is known when seen again.

Piecewise linear functions approximate any function of one number (C. de Boor, "A practical guide to
splines", 1978); their heights are free numbers that a search can move one by one or together.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evogit.syntax import parse

_HEIGHT_AT: Final = "lambda h, x: h[int(x)] * (1 - x % 1) + h[-int(-x // 1)] * (x % 1)"
"""On the line through the heights before and after ``x``, which are the same for a whole ``x``."""
_FUNCTION: Final = parse(_HEIGHT_AT, "eval").body
_KNOWN: Final = ast.dump(_FUNCTION)
_LARGE: Final = 1e300


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve over a number: the first height where that is 0 or less, the next one a ``width`` further.

    Beyond the last one it stays there.

    Args:
        table: the heights, numbers that may have a minus.
        scaled: what it runs over, divided by the width.
    """

    table: ast.Tuple
    scaled: ast.BinOp

    @property
    def over(self) -> ast.expr:
        """The number it runs over."""
        return self.scaled.left

    @property
    def width(self) -> ast.expr:
        """How far apart the heights are."""
        return self.scaled.right


def curve(over: ast.expr, width: float, heights: Sequence[ast.expr]) -> ast.Call:
    """A curve as an expression.

    Args:
        over: the number it runs over.
        width: how far apart the heights are, above 0.
        heights: at least two numbers, perhaps with a minus.
    """
    scaled = ast.BinOp(over, ast.Div(), ast.Constant(width))
    positive = ast.Call(_name("max"), [scaled, ast.Constant(0)], [])
    at = ast.Call(_name("min"), [positive, ast.Constant(len(heights) - 1)], [])
    return ast.Call(_FUNCTION, [ast.Tuple([*heights], ast.Load()), at], [])


def as_curve(node: ast.AST) -> Curve | None:
    """The curve that an expression is, ``None`` if it is another one."""
    match node:
        case ast.Call(ast.Lambda() as function, [ast.Tuple() as table, at], []):
            scaled = _scaled(at, len(table.elts) - 1)
        case _:
            return None
    if scaled is None or ast.dump(function) != _KNOWN:
        return None
    plain = not any(math.isnan(height_of(height)) for height in table.elts)
    return Curve(table, scaled) if plain else None


def _scaled(node: ast.expr, last: int) -> ast.BinOp | None:
    """The quotient that is held between 0 and ``last``."""
    match node:
        case ast.Call(
            ast.Name("min"),
            [
                ast.Call(
                    ast.Name("max"),
                    [ast.BinOp(op=ast.Div()) as scaled, ast.Constant(0)],
                    [],
                ),
                ast.Constant(value),
            ],
            [],
        ) if value == last > 0 and not math.isnan(height_of(scaled.right)):
            return scaled
        case _:
            return None


def height_of(node: ast.expr) -> float:
    """The number that a literal is, with or without a minus; NaN for all else, also what no float holds."""
    match node:
        case ast.UnaryOp(ast.USub(), ast.Constant() as number):
            return -height_of(number)
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return float(value) if abs(value) < _LARGE else math.nan
        case _:
            return math.nan


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())
