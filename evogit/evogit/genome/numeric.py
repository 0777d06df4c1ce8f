"""Small numeric functions, read from their syntax and answered without being run.

Genomes are hostile, so nothing of theirs is run: a short list of syntax is interpreted here, without
loops, in floating point, so that no number can grow large.
"""

from __future__ import annotations

import ast
import math
import operator
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from evogit.genome.curves import Curve, as_curve, height_of
from evogit.syntax import dotted

Environment = dict[str, float]
Reader = Callable[[Environment], float]
Block = Callable[[Environment], float | None]

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
_CALLED: Final = frozenset({str(name).partition(".")[0] for name in _CALLS} | {"*"})
"""Names that mean what they always mean, or nothing can be read."""
FAILURES: Final = (ArithmeticError, ValueError)
"""What an answer may be instead of a number."""


class _UnreadableError(Exception):
    """The function holds something that is not read here."""


UNREAD: Final = (_UnreadableError, KeyError, TypeError, RecursionError, OverflowError)
"""Why a function is told by its syntax: among them names (``KeyError``) and numbers of arguments
(``TypeError``) that are not known here, which are no answers of the function's."""


def read_block(body: Sequence[ast.stmt]) -> Block:
    """The value that a function's statements return for names with values; ``None`` if they return none.

    What it answers with raises FAILURES where the code would, and UNREAD where a name has no value.

    Raises:
        _UnreadableError: they hold something that is not read here.
    """
    steps = [_step(node) for node in body]

    def run(environment: Environment) -> float | None:
        for step in steps:
            value = step(environment)
            if value is not None:
                return value
        return None

    return run


def _step(node: ast.stmt) -> Block:
    match node:
        case ast.Return(value=ast.expr() as value):
            return read(value)
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return lambda _: None
        case ast.If(test=test, body=body, orelse=orelse):
            asked, then, other = read(test), read_block(body), read_block(orelse)
            return lambda e: then(e) if asked(e) else other(e)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _assign(name, read(value))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return _assign(name, read(value))
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            return _assign(name, read(ast.BinOp(ast.Name(name, ast.Load()), op, value)))
        case _:
            raise _UnreadableError


def _assign(name: str, value: Reader) -> Block:
    def run(environment: Environment) -> None:
        environment[name] = value(environment)

    return run


def read(node: ast.expr) -> Reader:
    """The value of an expression, like ``read_block``."""
    match node:
        case ast.Constant(value=int() | float() as value):
            number = float(value)
            return lambda _: number
        case ast.Name(id=name):
            return operator.itemgetter(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            apply, one, two = _BINARY[type(op)], read(left), read(right)
            return lambda e: apply(one(e), two(e))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = read(operand)
            return lambda e: -inner(e)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            asked, then, other = read(test), read(body), read(orelse)
            return lambda e: then(e) if asked(e) else other(e)
        case ast.Call(func=func, args=args, keywords=[]) if dotted(func) in _CALLS:
            call, values = _CALLS[dotted(func)], [read(a) for a in args]
            return lambda e: float(call(*[value(e) for value in values]))
        case ast.Call(func=ast.Lambda()):
            return _read_curve(as_curve(node))
        case _:
            return _read_condition(node)


def _read_curve(curve: Curve | None) -> Reader:
    if curve is None:
        raise _UnreadableError
    over, width = read(curve.over), read(curve.width)
    heights = [height_of(height) for height in curve.table.elts]

    def at(environment: Environment) -> float:
        x = min(max(over(environment) / width(environment), 0.0), len(heights) - 1.0)
        return heights[int(x)] * (1 - x % 1) + heights[-int(-x // 1)] * (x % 1)

    return at


def _read_condition(node: ast.expr) -> Reader:
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = read(operand)
            return lambda e: float(not inner(e))
        case ast.BoolOp(op=op, values=values):
            return _until(isinstance(op, ast.Or), [read(v) for v in values])
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            compare, one, two = _COMPARISONS[type(op)], read(left), read(right)
            return lambda e: float(compare(one(e), two(e)))
        case ast.Compare(left=left, ops=[op, *ops], comparators=[middle, *others]):
            first = ast.Compare(left, [op], [middle])
            return read(ast.BoolOp(ast.And(), [first, ast.Compare(middle, ops, others)]))
        case _:
            raise _UnreadableError


def _until(stop: bool, parts: Sequence[Reader]) -> Reader:
    """The first value that is as true as ``stop``, else the last: what ``or`` and ``and`` return."""

    def first(environment: Environment) -> float:
        value = math.nan
        for part in parts:
            value = part(environment)
            if bool(value) is stop:
                break
        return value

    return first


@dataclass(frozen=True, slots=True)
class NumericFunction:
    """A function of numbers.

    Args:
        name: its name.
        arguments: their names, in order.
        whole: which of them are annotated as ``int``.
        body: its statements.
        known: numbers that it reads from its module.
    """

    name: str
    arguments: tuple[str, ...]
    whole: tuple[bool, ...]
    body: Block
    known: Environment

    def answer(self, point: Environment) -> float | None:
        """What it returns for arguments by name.

        Raises:
            ArithmeticError, ValueError: as the code would (``FAILURES``).
            KeyError, TypeError, RecursionError: it can not be read after all (``UNREAD``).
        """
        return self.body(self.known | point)


def read_function(node: ast.FunctionDef, module: Environment) -> NumericFunction:
    """A function without decorators whose arguments are plain and without defaults.

    Args:
        node: its definition.
        module: ``constants`` of its module.

    Raises:
        _UnreadableError: it is another one, or holds something that is not read here.
    """
    arguments = node.args
    plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults)
    named = [*arguments.posonlyargs, *arguments.args]
    own = _stored(node)
    if _CALLED & {*own, *(a.arg for a in named)}:
        raise _UnreadableError
    if node.decorator_list or not plain or not named:
        raise _UnreadableError
    return NumericFunction(
        node.name,
        tuple(a.arg for a in named),
        tuple(dotted(a.annotation) == "int" if a.annotation else False for a in named),
        read_block(node.body),
        {name: value for name, value in module.items() if name not in own},
    )


def replaces_calls(tree: ast.Module) -> bool:
    """Whether something in a module may give one of the names called here another meaning."""
    return any(not _CALLED.isdisjoint(_renamed(node)) for node in ast.walk(tree))


def _renamed(node: ast.AST) -> Sequence[str]:
    """Names that this node alone binds, but for modules imported by their own."""
    match node:
        case ast.Import(names=names):
            return [alias.asname for alias in names if alias.asname is not None]
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ImportFrom():
            return bound_names(node)
        case _:
            return ()


def constants(tree: ast.Module, text: str) -> Environment:
    """Names that the module binds once, to a number; none if a function may bind them again."""
    if "global" in text:
        return {}
    found: dict[str, ast.expr] = {}
    bound = Counter[str]()
    for node in tree.body:
        bound.update(bound_names(node))
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


def bound_names(node: ast.stmt) -> list[str]:
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
        return read(node)({})
    except (*UNREAD, *FAILURES):
        return None
