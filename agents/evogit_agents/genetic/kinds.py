"""A coarse type of expressions, read off the syntax, so that replacements keep the kind."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from evogit.genome.curves import as_curve
from evogit.syntax import dotted


class Kind(Enum):
    """What an expression yields, as far as syntax and annotations tell."""

    NUMBER = "number"
    TRUTH = "condition"
    TEXT = "text"
    SEQUENCE = "sequence"
    UNKNOWN = "value"


ARITHMETIC: Final = (ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow)
NUMERIC_CALLS: Final = frozenset(
    [
        "abs",
        "min",
        "max",
        "sum",
        "len",
        "int",
        "float",
        "round",
        "pow",
        "divmod",
        "ord",
        "hash",
        "id",
        "complex",
    ]
)
_TEXT_CALLS: Final = frozenset(
    ["str", "repr", "format", "chr", "ascii", "input", "hex", "bin", "oct"]
)
_TRUTH_CALLS: Final = frozenset(
    ["bool", "isinstance", "issubclass", "any", "all", "callable", "hasattr"]
)
_SEQUENCE_CALLS: Final = frozenset(["list", "tuple", "sorted", "range"])
_TEXT_METHODS: Final = frozenset(
    [
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "title",
        "replace",
        "format",
        "capitalize",
        "zfill",
        "ljust",
        "rjust",
    ]
)
_TRUTH_METHODS: Final = frozenset(
    ["startswith", "endswith", "isdigit", "isalpha", "isspace", "isidentifier"]
)
_SEQUENCE_METHODS: Final = frozenset(["split", "splitlines", "rsplit", "readlines"])
_NUMERIC_METHODS: Final = frozenset(
    ["count", "find", "index", "random", "uniform", "randint", "randrange", "gauss"]
)
_ANNOTATIONS: Final = {
    **dict.fromkeys(("int", "float", "complex", "Number", "Real", "Decimal"), Kind.NUMBER),
    "bool": Kind.TRUTH,
    **dict.fromkeys(("str", "bytes"), Kind.TEXT),
    **dict.fromkeys(("list", "tuple", "List", "Tuple", "Sequence"), Kind.SEQUENCE),
}


def annotated(node: ast.expr | None) -> Kind:
    """The kind an annotation promises; ``UNKNOWN`` for anything but a plain known type."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _ANNOTATIONS.get(node.value, Kind.UNKNOWN)
    name = dotted(node) if node is not None else None
    return _ANNOTATIONS.get(name.rpartition(".")[2], Kind.UNKNOWN) if name else Kind.UNKNOWN


def kind_of(node: ast.expr, names: Mapping[str, Kind], depth: int = 4) -> Kind:
    """The kind of ``node`` where ``names`` (plain or dotted) have the given kinds.

    Looks at most ``depth`` levels down, which settles nearly all and keeps an index linear.
    """
    if depth == 0:
        return Kind.UNKNOWN
    settled = _SETTLED.get(type(node))
    if settled is not None:
        return settled
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name() | ast.Attribute():
            return _named(node, names)
        case ast.UnaryOp(op=op):
            return Kind.TRUTH if isinstance(op, ast.Not) else Kind.NUMBER
        case ast.BinOp():
            return _binary(node, names, depth)
        case ast.BoolOp(values=values):
            return _common([kind_of(v, names, depth - 1) for v in values])
        case ast.IfExp(body=body, orelse=orelse):
            return _common([kind_of(v, names, depth - 1) for v in (body, orelse)])
        case ast.Call():
            return _called(node, names)
        case _:
            return Kind.UNKNOWN


_SETTLED: Final[dict[type[ast.expr], Kind]] = {
    ast.Compare: Kind.TRUTH,
    ast.List: Kind.SEQUENCE,
    ast.Tuple: Kind.SEQUENCE,
    ast.ListComp: Kind.SEQUENCE,
    ast.JoinedStr: Kind.TEXT,
}


def usage(nodes: Iterable[ast.AST], names: dict[str, Kind]) -> None:
    """Add to ``names`` what arithmetic, calls and assignments say; known kinds stay."""
    for node in nodes:
        match node:
            case ast.BinOp(op=op, left=left, right=right) if isinstance(op, ARITHMETIC):
                _numeric(names, left, right)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                _numeric(names, operand)
            case ast.Compare(left=left, comparators=[right]) if Kind.NUMBER in (
                kind_of(left, names, 1),
                kind_of(right, names, 1),
            ):
                _numeric(names, left, right)
            case ast.Call(func=func, args=args) if _takes_numbers(func):
                _numeric(names, *args)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in names:
                kind = kind_of(value, names)
                if kind is not Kind.UNKNOWN:
                    names[name] = kind
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                names.setdefault(name, annotated(annotation))
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
                names.setdefault(name, Kind.NUMBER)
            case _:
                pass


def _takes_numbers(func: ast.expr) -> bool:
    name = dotted(func) or ""
    return name in {"abs", "round"} or name.startswith("math.")


def _numeric(names: dict[str, Kind], *nodes: ast.expr) -> None:
    for node in nodes:
        name = dotted(node)
        if name is not None and names.get(name, Kind.UNKNOWN) is Kind.UNKNOWN:
            names[name] = Kind.NUMBER


def _constant(value: object) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, (int, float)):
        return Kind.NUMBER
    return Kind.TEXT if isinstance(value, (str, bytes)) else Kind.UNKNOWN


def _named(node: ast.expr, names: Mapping[str, Kind]) -> Kind:
    name = dotted(node)
    if name is None:
        return Kind.UNKNOWN
    return Kind.NUMBER if name.startswith("math.") else names.get(name, Kind.UNKNOWN)


def _common(kinds: list[Kind]) -> Kind:
    return kinds[0] if len(set(kinds)) == 1 else Kind.UNKNOWN


def _binary(node: ast.BinOp, names: Mapping[str, Kind], depth: int) -> Kind:
    sides = [kind_of(node.left, names, depth - 1), kind_of(node.right, names, depth - 1)]
    if isinstance(node.op, (ast.Add, ast.Mod, ast.Mult)):
        for kind in (Kind.TEXT, Kind.SEQUENCE):
            if kind in sides:
                return kind
        if isinstance(node.op, ast.Mult):
            return Kind.NUMBER
        return Kind.NUMBER if Kind.NUMBER in sides else Kind.UNKNOWN
    return Kind.NUMBER if isinstance(node.op, ARITHMETIC) else Kind.UNKNOWN


def _called(node: ast.Call, names: Mapping[str, Kind]) -> Kind:
    func = node.func
    name = dotted(func)
    if name is not None and f"{name}()" in names:
        return names[f"{name}()"]
    if name is not None and name.startswith("math."):
        return Kind.NUMBER
    if isinstance(func, ast.Name):
        return _lookup(func.id, NUMERIC_CALLS, _TEXT_CALLS, _TRUTH_CALLS, _SEQUENCE_CALLS)
    if isinstance(func, ast.Attribute):
        methods = (_NUMERIC_METHODS, _TEXT_METHODS, _TRUTH_METHODS, _SEQUENCE_METHODS)
        return _lookup(func.attr, *methods)
    return Kind.NUMBER if as_curve(node) is not None else Kind.UNKNOWN


def _lookup(name: str, *families: frozenset[str]) -> Kind:
    order = (Kind.NUMBER, Kind.TEXT, Kind.TRUTH, Kind.SEQUENCE)
    for kind, family in zip(order, families, strict=True):
        if name in family:
            return kind
    return Kind.UNKNOWN
