"""What small numeric functions compute, found by trying them on a few numbers.

An offspring that behaves like its parent only costs an evaluation; noticing that beforehand is the
idea of semantically driven mutation (Beadle and Johnson, "Semantically driven mutation in genetic
programming", IEEE CEC 2009). Candidates are hostile, so nothing of theirs is run: a short list of
syntax is interpreted here, without loops, in floating point, so that no number can grow large.
Agreement on the points tried is evidence, not proof; it only steers what is proposed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from functools import lru_cache
from random import Random
from typing import Final, cast

from evogit_agents.genetic.kinds import dotted

MAX_TEXT: Final = 8192
"""Of a larger file nothing is known: reading its behaviour would cost more than it saves."""

_POINTS: Final = 48
_Environment = dict[str, float]
_Reader = Callable[[_Environment], float]
_Block = Callable[[_Environment], float | None]

_BINARY: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[float, float], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_MATHS: Final = (
    "sqrt", "exp", "log", "log2", "log10", "log1p", "expm1", "sin", "cos", "tan", "tanh", "atan",
    "atan2", "hypot", "floor", "ceil", "fabs", "pow",
)  # fmt: skip


def _truncated(x: float) -> float:
    return float(int(x))


def _rounded(x: float) -> float:
    return float(round(x))


_CALLS: Final = cast(
    "dict[str | None, Callable[..., float]]",
    {"abs": abs, "min": min, "max": max, "float": float, "int": _truncated, "round": _rounded}
    | {f"math.{name}": getattr(math, name) for name in _MATHS},
)
_FAILURES: Final = (ArithmeticError, ValueError)


class _UnreadableError(Exception):
    """The function holds something that is not read here."""


_UNREAD: Final = (_UnreadableError, KeyError, TypeError, RecursionError, OverflowError)
"""Why a function is told by its syntax: among them names (``KeyError``) and numbers of arguments
(``TypeError``) that are not known here, which are no answers of the function's."""


def behaviours(tree: ast.Module, text: str) -> tuple[Hashable, ...] | None:
    """What each top-level statement does; equal for two sources that seem to do the same.

    A function of numbers, and of the module's plain numeric constants, is told by its answers,
    anything else by its syntax. ``None`` if the text is too large to look at.
    """
    if len(text) > MAX_TEXT:
        return None
    constants = _constants(tree) if "global" not in text else {}
    return tuple(_statement(node, constants) for node in tree.body)


def _constants(tree: ast.Module) -> _Environment:
    """Names that the module binds once, to a number."""
    found: dict[str, ast.expr] = {}
    bound = Counter[str]()
    for node in tree.body:
        bound.update(_bound(node))
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                found[name] = value
            case _:
                pass
    numbers = {name: _number(value) for name, value in found.items() if bound[name] == 1}
    return {name: number for name, number in numbers.items() if number is not None}


def _bound(node: ast.stmt) -> list[str]:
    """Names that a statement of a module binds, each as often as it does."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case _:
            return _stored(node)


def _stored(node: ast.AST) -> list[str]:
    inner = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return [name.id for name in inner if not isinstance(name.ctx, ast.Load)]


def _number(node: ast.expr) -> float | None:
    try:
        return _read(node)({})
    except (*_UNREAD, *_FAILURES):
        return None


def _statement(node: ast.stmt, constants: _Environment) -> Hashable:
    if isinstance(node, ast.FunctionDef) and not node.decorator_list:
        with suppress(*_UNREAD):
            return _answers(node, constants)
    return ast.dump(node)


def _answers(node: ast.FunctionDef, constants: _Environment) -> Hashable:
    arguments = node.args
    plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults)
    if not plain or not arguments.args:
        raise _UnreadableError
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    whole = tuple(dotted(a.annotation) == "int" if a.annotation else False for a in arguments.args)
    body = _block(node.body)
    own = _stored(node) if constants else []
    known = {name: value for name, value in constants.items() if name not in own}
    answers = [
        _answer(body, known | dict(zip(names, point, strict=False))) for point in _points(whole)
    ]
    return (node.name, *names, *answers)


def _answer(body: _Block, environment: _Environment) -> Hashable:
    try:
        value = body(environment)
    except _FAILURES as error:
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


def _block(body: Sequence[ast.stmt]) -> _Block:
    steps = [_step(node) for node in body]

    def run(environment: _Environment) -> float | None:
        for step in steps:
            value = step(environment)
            if value is not None:
                return value
        return None

    return run


def _step(node: ast.stmt) -> _Block:
    match node:
        case ast.Return(value=ast.expr() as value):
            return _read(value)
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return lambda _: None
        case ast.If(test=test, body=body, orelse=orelse):
            asked, then, other = _read(test), _block(body), _block(orelse)
            return lambda e: then(e) if asked(e) else other(e)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _assign(name, _read(value))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return _assign(name, _read(value))
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            return _assign(name, _read(ast.BinOp(ast.Name(name, ast.Load()), op, value)))
        case _:
            raise _UnreadableError


def _assign(name: str, value: _Reader) -> _Block:
    def run(environment: _Environment) -> None:
        environment[name] = value(environment)

    return run


def _read(node: ast.expr) -> _Reader:
    match node:
        case ast.Constant(value=int() | float() as value):
            number = float(value)
            return lambda _: number
        case ast.Name(id=name):
            return operator.itemgetter(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            apply, one, two = _BINARY[type(op)], _read(left), _read(right)
            return lambda e: apply(one(e), two(e))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _read(operand)
            return lambda e: -inner(e)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            asked, then, other = _read(test), _read(body), _read(orelse)
            return lambda e: then(e) if asked(e) else other(e)
        case ast.Call(func=func, args=args, keywords=[]) if dotted(func) in _CALLS:
            call, values = _CALLS[dotted(func)], [_read(a) for a in args]
            return lambda e: float(call(*[value(e) for value in values]))
        case _:
            return _read_condition(node)


def _read_condition(node: ast.expr) -> _Reader:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _read(operand)
            return lambda e: float(not inner(e))
        case ast.BoolOp(op=op, values=values):
            return _until(isinstance(op, ast.Or), [_read(v) for v in values])
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            compare, one, two = _COMPARISONS[type(op)], _read(left), _read(right)
            return lambda e: float(compare(one(e), two(e)))
        case ast.Compare(left=left, ops=[op, *ops], comparators=[middle, *others]):
            first = ast.Compare(left, [op], [middle])
            return _read(ast.BoolOp(ast.And(), [first, ast.Compare(middle, ops, others)]))
        case _:
            raise _UnreadableError


def _until(stop: bool, parts: Sequence[_Reader]) -> _Reader:
    """The first value that is as true as ``stop``, else the last: what ``or`` and ``and`` return."""

    def read(environment: _Environment) -> float:
        value = math.nan
        for part in parts:
            value = part(environment)
            if bool(value) is stop:
                break
        return value

    return read
