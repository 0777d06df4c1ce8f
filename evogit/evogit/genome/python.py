"""The normal form of Python: equal for sources that differ in layout and names of locals alone.

Left out are comments, formatting, docstrings, and the names of a function's own variables; in their
place stands the order in which they first occur. Kept is whatever code can see: parameters (a
caller may name them), names of modules and classes, and all names where the code asks for them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable
from typing import Final

from evogit.syntax import NO_PYTHON, parse

_SEES_NAMES: Final = re.compile(
    rb"\b(?:locals|vars|dir|eval|exec|inspect|f_locals|co_varnames|__code__)\b"
)
_SEES_DOCUMENTATION: Final = re.compile(rb"__doc__|\b(?:getdoc|doctest|inspect|help)\b|>>>")
_IGNORED: Final = frozenset({"ctx", "type_comment", "kind", "type_ignores"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def normal_form(source: bytes, without: Container[str] = ()) -> str | None:
    """The normal form of a module, or ``None`` if it is no Python or nested too deeply.

    Args:
        source: the module.
        without: names of functions at its top that are left out.
    """
    try:
        tree = parse(source)
        tree.body = [node for node in tree.body if not _is_function(node, without)]
        writer = _Writer(
            documentation=_SEES_DOCUMENTATION.search(source) is not None,
            names=_SEES_NAMES.search(source) is not None,
        )
        writer.node(tree)
    except NO_PYTHON:
        return None
    return "\n".join(writer.parts)


def _is_function(node: ast.stmt, names: Container[str]) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in names


class _Writer:
    """Writes a tree, a line for every node, name and constant.

    Args:
        documentation: keep docstrings.
        names: keep the names of locals.
    """

    def __init__(self, *, documentation: bool, names: bool) -> None:
        self.parts: list[str] = []
        self._documentation = documentation
        self._names = names
        self._scope: dict[str, list[str]] = {}
        self._count = 0

    def node(self, node: ast.AST) -> None:
        self.parts.append(type(node).__name__)
        match node:
            case ast.Name(id=name):
                self.parts.append(self._called(name))
            case ast.Constant(value=value):
                self.parts.append(f"{type(value).__name__} {value!r}")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.Lambda(args=arguments, body=body):
                self.node(arguments)
                self._within(set(_parameters(arguments)), set(), [body])
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case _:
                self._fields(node, _IGNORED)

    def _fields(self, node: ast.AST, without: frozenset[str]) -> None:
        for name, value in ast.iter_fields(node):
            if name not in without:
                shown = self._body(node, value) if name == "body" else value
                self._value(shown)

    def _value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.node(value)
        elif isinstance(value, list):
            self.parts.append("[")
            for item in value:  # pyright: ignore[reportUnknownVariableType]
                self._value(item)  # pyright: ignore[reportUnknownArgumentType]
            self.parts.append("]")
        else:
            self.parts.append(repr(value))

    def _body(self, node: ast.AST, body: object) -> object:
        """Statements without their docstring."""
        if self._documentation or not isinstance(node, _Documented):
            return body
        first = node.body[0] if node.body else None
        match first:
            case ast.Expr(value=ast.Constant(value=str())):
                return node.body[1:]
            case _:
                return node.body

    def _called(self, name: str) -> str:
        """How a name is written here: locals by the order in which they occur."""
        known = self._scope.get(name)
        if known is None:
            return name
        if not known:
            known.append(f"#{self._count}")
            self._count += 1
        return known[0]

    def _function(self, node: _Function) -> None:
        self._fields(node, _IGNORED | {"body"})
        own, fixed = _bound(node.body)
        fixed.update(_parameters(node.args))
        self._within(fixed, own, self._body(node, node.body))

    def _class(self, node: ast.ClassDef) -> None:
        self._fields(node, _IGNORED | {"body"})
        own, fixed = _bound(node.body)
        self._within(own | fixed, set(), self._body(node, node.body))

    def _comprehension(self, node: _Comprehension) -> None:
        self.node(node.generators[0].iter)  # belongs to the scope around
        own = {
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        }
        rest: list[object] = [node.generators[0].target, node.generators[0].ifs]
        rest += [generator.is_async for generator in node.generators]
        rest += node.generators[1:]
        rest += [value for name, value in ast.iter_fields(node) if name != "generators"]
        self._within(set(), own, rest)

    def _within(self, fixed: set[str], own: set[str], content: object) -> None:
        """Write ``content`` in a scope of its own.

        Args:
            fixed: names that mean something of their own here and keep their name.
            own: variables of this scope.
            content: nodes and lists of nodes.
        """
        around = self._scope
        self._scope = {name: known for name, known in around.items() if name not in fixed}
        if not self._names:
            self._scope |= {name: [] for name in own - fixed}
        self._value(content)
        self._scope = around


def _parameters(arguments: ast.arguments) -> list[str]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [a.arg for a in (*named, arguments.vararg, arguments.kwarg) if a is not None]


def _bound(body: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Names that statements bind in their own scope: by assignment, and in all other ways."""
    own: set[str] = set()
    fixed: set[str] = set()
    left = list(body)
    while left:
        node = left.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                fixed.add(name)
                left += [*node.decorator_list, node.args]
            case ast.ClassDef(name=name):
                fixed.add(name)
                left += [*node.decorator_list, *node.bases, *node.keywords]
            case ast.Lambda(args=arguments):
                left.append(arguments)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                left.append(node.generators[0].iter)
                own |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                own.add(name)
            case _:
                fixed |= _named(node)
                left += ast.iter_child_nodes(node)
    return own, fixed


def _named(node: ast.AST) -> set[str]:
    """Names that a node binds without an ``ast.Name``."""
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return set(names)
        case ast.alias(name=name, asname=other):
            return {other or name.partition(".")[0]}
        case ast.ExceptHandler(name=str() as name):
            return {name}
        case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
            return {name}
        case ast.MatchMapping(rest=str() as name):
            return {name}
        case _:
            return set()
