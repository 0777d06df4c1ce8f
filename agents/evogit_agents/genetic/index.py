"""Where a file can be edited, and which names are in scope there."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from evogit.genome.curves import Curve, as_curve
from evogit.syntax import dotted
from evogit_agents.genetic.kinds import Kind, annotated, kind_of, usage
from evogit_agents.genetic.scope import arguments, bindings, ends, global_names, loads, targets
from evogit_agents.genetic.source import Source, nodes

BUILTINS: Final = frozenset(dir(builtins))

Path = tuple[tuple[str, int], ...]
"""Steps from the module to a statement: name of a list of statements (or handlers), and index."""

_RECEIVERS: Final = {"self", "cls"}
BASE: Final = 1
EXPONENT: Final = 2
HEIGHT: Final = 3

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True, eq=False)
class Function:
    """A function: its kinds by name, all names it binds, and the attributes it reads."""

    node: Definition
    kinds: dict[str, Kind]
    bound: frozenset[str]
    attributes: tuple[str, ...]
    size: int
    outer: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Statement:
    """A statement, the list it stands in, and the local names certainly bound before it runs."""

    node: ast.stmt
    siblings: list[ast.stmt]
    path: Path
    function: Function | None
    visible: Mapping[str, Kind]
    editable: bool
    in_loop: bool

    @property
    def place(self) -> int:
        """Its index among its siblings."""
        return self.path[-1][1]


@dataclass(slots=True, eq=False)
class Site:
    """An expression that may be replaced. ``visible`` includes names a comprehension binds."""

    node: ast.expr
    parent: ast.AST
    field: str
    index: int | None
    statement: Statement
    kind: Kind
    visible: Mapping[str, Kind]
    power: int
    """0, or ``BASE`` within the base of a power, or ``EXPONENT`` within an exponent or shift width, or
    ``HEIGHT`` within the heights of a curve."""

    def put(self, node: ast.expr) -> None:
        """Set ``node`` in this expression's place in the tree."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            cast("list[ast.expr]", getattr(self.parent, self.field))[self.index] = node


@dataclass(slots=True)
class Index:
    """All sites and statements of one source, in the order of the text."""

    source: Source
    ranges: list[tuple[int, int]] | None
    globals: dict[str, Kind]
    results: dict[str, Kind]
    sites: list[Site] = field(default_factory=list[Site])
    statements: list[Statement] = field(default_factory=list[Statement])
    functions: list[Statement] = field(default_factory=list[Statement])

    def allows(self, first: int, last: int) -> bool:
        """Whether all lines from ``first`` to ``last`` may change."""
        return self.ranges is None or any(a <= first and last <= b for a, b in self.ranges)

    def known(self, name: str, visible: Mapping[str, Kind], function: Function | None) -> bool:
        """Whether ``name`` certainly has a value at a place with these names."""
        if name in visible:
            return True
        if function is None:
            return name in BUILTINS and name not in self.globals
        return name not in function.bound and (name in self.globals or name in BUILTINS)


def build(source: Source, ranges: list[tuple[int, int]] | None) -> Index:
    """Index a source; only what lies wholly within ``ranges`` becomes a site or editable."""
    index = Index(source, ranges, {}, {})
    body = source.tree.body
    for node in body:
        for name in global_names(node):
            index.globals.setdefault(name, Kind.UNKNOWN)
        match node:
            case ast.FunctionDef(name=name, returns=returns) if returns is not None:
                index.results[f"{name}()"] = annotated(returns)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                index.globals[name] = kind_of(value, index.globals)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                index.globals[name] = annotated(annotation)
            case _:
                pass
    _Walker(index).block(body, (), "body", None, {}, in_loop=False)
    return index


def locate(tree: ast.Module, path: Path) -> list[ast.stmt] | None:
    """The list of statements that ``path``'s last step leads into, ``None`` if there is none."""
    node: object = tree
    for name, place in path[:-1]:
        block = cast("list[object]", getattr(node, name, []))
        if place >= len(block):
            return None
        node = block[place]
    return cast("list[ast.stmt] | None", getattr(node, path[-1][0], None))


def _unread(node: Definition, kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Arguments without annotation that the function does not read are taken for numbers.

    Nothing says what they are, and a function that does without them would do so for ever.
    """
    args = node.args
    every = (*args.posonlyargs, *args.args, *args.kwonlyargs)
    bare = {a.arg for a in every if a.annotation is None} - _RECEIVERS
    unknown = {name for name in bare if kinds[name] is Kind.UNKNOWN}
    return dict.fromkeys(unknown.difference(loads(node)), Kind.NUMBER) if unknown else {}


def _function(node: Definition, index: Index, outer: tuple[str, ...]) -> Function:
    kinds: dict[str, Kind] = dict(index.results)
    for argument in arguments(node.args):
        kinds[argument.arg] = annotated(argument.annotation)
    inside = nodes(node)
    usage(inside, kinds)
    bound: set[str] = {a.arg for a in arguments(node.args)}
    kinds.update(_unread(node, kinds))
    attributes: dict[str, None] = {}
    count = 0
    for child in inside:
        if isinstance(child, ast.expr):
            count += 1
            if isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Load):
                name = dotted(child)
                if name is not None:
                    attributes[name] = None
            elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                bound.add(child.id)
        elif isinstance(child, ast.stmt):
            count += 1
            bound.update(bindings(child))
        elif isinstance(child, ast.ExceptHandler) and child.name:
            bound.add(child.name)
    bound.discard(node.name)
    return Function(node, kinds, frozenset(bound), tuple(attributes), count, (*outer, node.name))


class _Walker:
    """Fills an index in one pass over the tree."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def block(
        self,
        body: list[ast.stmt],
        path: Path,
        name: str,
        function: Function | None,
        visible: Mapping[str, Kind],
        *,
        in_loop: bool,
    ) -> Mapping[str, Kind]:
        """Visit a list of statements; returns the names certainly bound after it."""
        for place, node in enumerate(body):
            last = node.end_lineno or node.lineno
            editable = self._index.allows(node.lineno, last)
            step = (*path, (name, place))
            statement = Statement(node, body, step, function, visible, editable, in_loop)
            if not (place == 0 and _is_docstring(node)):
                self._index.statements.append(statement)
                self._expressions(statement)
            visible = self._extended(visible, node, function)
            visible = self._inner(statement, visible)
        return visible

    def _extended(
        self, visible: Mapping[str, Kind], node: ast.stmt, function: Function | None
    ) -> Mapping[str, Kind]:
        names = dict.fromkeys(bindings(node))
        new = [n for n in names if n not in visible]
        if not new or isinstance(node, (ast.For, ast.AsyncFor)):
            return visible
        kinds = function.kinds if function is not None else self._index.globals
        return {**visible, **{n: kinds.get(n, Kind.UNKNOWN) for n in new}}

    def _inner(self, at: Statement, visible: Mapping[str, Kind]) -> Mapping[str, Kind]:
        """Visit the blocks of a compound statement; returns what is bound after it."""
        node, path, function = at.node, at.path, at.function
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._definition(at)
            case ast.ClassDef(body=body):
                self.block(body, path, "body", function, visible, in_loop=False)
            case ast.If(body=body, orelse=orelse):
                loop = at.in_loop
                then = self.block(body, path, "body", function, visible, in_loop=loop)
                other = self.block(orelse, path, "orelse", function, visible, in_loop=loop)
                return _joined(then, ends(body), other, ends(orelse))
            case ast.For(target=target) | ast.AsyncFor(target=target):
                kinds = function.kinds if function is not None else self._index.globals
                inner = {**visible, **{n: kinds.get(n, Kind.UNKNOWN) for n in targets(target)}}
                self.block(node.body, path, "body", function, inner, in_loop=True)
                self.block(node.orelse, path, "orelse", function, visible, in_loop=at.in_loop)
            case ast.While(body=body, orelse=orelse):
                self.block(body, path, "body", function, visible, in_loop=True)
                self.block(orelse, path, "orelse", function, visible, in_loop=at.in_loop)
            case ast.With(body=body) | ast.AsyncWith(body=body):
                return self.block(body, path, "body", function, visible, in_loop=at.in_loop)
            case ast.Try() | ast.TryStar():
                self._try(node, at, visible)
            case ast.Match(cases=cases):
                for place, case in enumerate(cases):
                    step = (*path, ("cases", place))
                    self.block(case.body, step, "body", function, visible, in_loop=at.in_loop)
            case _:
                pass
        return visible

    def _definition(self, at: Statement) -> None:
        node = cast("Definition", at.node)
        outer = at.function
        names = outer.outer if outer is not None else ()
        function = _function(node, self._index, names)
        self._index.functions.append(at)
        visible = {a.arg: function.kinds[a.arg] for a in arguments(node.args)}
        if outer is not None:
            free = {n: k for n, k in at.visible.items() if n not in function.bound}
            visible = {**free, **visible}
        self.block(node.body, at.path, "body", function, visible, in_loop=False)

    def _try(self, node: ast.Try | ast.TryStar, at: Statement, visible: Mapping[str, Kind]) -> None:
        path, function, loop = at.path, at.function, at.in_loop
        self.block(node.body, path, "body", function, visible, in_loop=loop)
        for place, handler in enumerate(node.handlers):
            caught = {**visible, handler.name: Kind.UNKNOWN} if handler.name else visible
            step = (*path, ("handlers", place))
            self.block(handler.body, step, "body", function, caught, in_loop=loop)
        self.block(node.orelse, path, "orelse", function, visible, in_loop=loop)
        self.block(node.finalbody, path, "finalbody", function, visible, in_loop=loop)

    def _expressions(self, statement: Statement) -> None:
        node = statement.node
        for name in _READ.get(node.__class__, ()):
            value = getattr(node, name)
            if isinstance(value, ast.expr):
                self._expression(value, (node, name, None), statement, statement.visible)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                place = (item, "context_expr", None)
                self._expression(item.context_expr, place, statement, statement.visible)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for number, default in enumerate(node.args.defaults):
                place = (node.args, "defaults", number)
                self._expression(default, place, statement, statement.visible)

    def _expression(
        self,
        node: ast.expr,
        place: tuple[ast.AST, str, int | None],
        statement: Statement,
        visible: Mapping[str, Kind],
        *,
        power: int = 0,
    ) -> None:
        if isinstance(node, ast.JoinedStr):
            return  # before Python 3.12 positions inside are wrong
        parent, name, number = place
        if _replaceable(node, parent, name) and self._allowed(node):
            kinds = statement.function.kinds if statement.function else self._index.globals
            kind = kind_of(node, kinds)
            site = Site(node, parent, name, number, statement, kind, visible, power)
            self._index.sites.append(site)
        curve = as_curve(node)
        if curve is not None:
            self._curve(curve, statement, visible, power)
        elif dotted(node) is None:
            self._children(node, statement, _with_own(node, visible), power=power)

    def _curve(
        self, curve: Curve, statement: Statement, visible: Mapping[str, Kind], power: int
    ) -> None:
        """Visit what a curve runs over, its width and its heights; how it is built is left alone."""
        scaled, heights = curve.scaled, curve.table
        self._expression(curve.over, (scaled, "left", None), statement, visible, power=power)
        self._expression(curve.width, (scaled, "right", None), statement, visible, power=HEIGHT)
        for number, height in enumerate(heights.elts):
            self._expression(height, (heights, "elts", number), statement, visible, power=HEIGHT)

    def _allowed(self, node: ast.expr) -> bool:
        return self._index.allows(node.lineno, node.end_lineno or node.lineno)

    def _children(
        self, node: ast.AST, statement: Statement, visible: Mapping[str, Kind], *, power: int
    ) -> None:
        raises = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Pow, ast.LShift))
        for name in node._fields:
            value = getattr(node, name)
            within = max(power, EXPONENT if name == "right" else BASE) if raises else power
            items = cast("list[object]", value) if isinstance(value, list) else [value]
            for number, item in enumerate(items):
                place = (node, name, number if isinstance(value, list) else None)
                if isinstance(item, ast.expr):
                    self._expression(item, place, statement, visible, power=within)
                elif isinstance(item, (ast.keyword, ast.comprehension)):
                    self._children(item, statement, visible, power=within)


_READ: Final[dict[type[ast.stmt], tuple[str, ...]]] = {
    ast.Expr: ("value",),
    ast.Assign: ("value",),
    ast.AnnAssign: ("value",),
    ast.AugAssign: ("value",),
    ast.Return: ("value",),
    ast.If: ("test",),
    ast.While: ("test",),
    ast.For: ("iter",),
    ast.AsyncFor: ("iter",),
    ast.Assert: ("test",),
    ast.Raise: ("exc",),
}


def _joined(
    then: Mapping[str, Kind], then_ends: bool, other: Mapping[str, Kind], other_ends: bool
) -> Mapping[str, Kind]:
    if then_ends or other_ends:
        return other if then_ends else then
    return {n: k for n, k in then.items() if n in other}


def _with_own(node: ast.expr, visible: Mapping[str, Kind]) -> Mapping[str, Kind]:
    match node:
        case ast.Lambda(args=signature):
            return {**visible, **{a.arg: Kind.UNKNOWN for a in arguments(signature)}}
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            names = (n for g in node.generators for n in targets(g.target))
            return {**visible, **dict.fromkeys(names, Kind.UNKNOWN)}
        case _:
            return visible


_FIXED: Final = (ast.Slice, ast.Starred, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


def _replaceable(node: ast.expr, parent: ast.AST, name: str) -> bool:
    if isinstance(node, _FIXED) or not isinstance(getattr(node, "ctx", None) or _LOAD, ast.Load):
        return False
    if isinstance(node, ast.Constant) and (node.value is None or node.value is ...):
        return False
    return not (name == "func" or (isinstance(parent, ast.Attribute) and name == "value"))


_LOAD: Final = ast.Load()


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
