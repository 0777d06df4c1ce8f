"""Which names statements and expressions bind and read."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from evogit_agents.genetic.source import nodes


def bindings(node: ast.stmt) -> Iterator[str]:
    """Names that ``node`` itself binds in its scope; not those its blocks bind."""
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AnnAssign(value=None):
            pass
        case _:
            for target in _stored(node):
                yield from targets(target)


def _stored(node: ast.stmt) -> list[ast.expr]:
    """What ``node`` assigns to."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)):
        return [node.target]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return [item.optional_vars for item in node.items if item.optional_vars is not None]
    return []


def loads(node: ast.AST) -> list[str]:
    """Names ``node`` reads, in order, without those its own lambdas and comprehensions bind."""
    own: set[str] = set()
    read: list[str] = []
    for child in nodes(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            read.append(child.id)
        elif isinstance(child, ast.comprehension):
            own.update(targets(child.target))
        elif isinstance(child, ast.Lambda):
            own.update(a.arg for a in arguments(child.args))
    return [name for name in read if name not in own]


def portable(node: ast.AST) -> bool:
    """Whether a copy of ``node`` means the same elsewhere: it binds, awaits and yields nothing."""
    alien = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.JoinedStr, ast.Starred)
    return not any(isinstance(child, alien) for child in nodes(node))


def ends(block: Sequence[ast.stmt]) -> bool:
    """Whether control never leaves ``block`` at its end."""
    return bool(block) and isinstance(block[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def targets(node: ast.expr) -> Iterator[str]:
    """Names stored to within an assignment's target."""
    for child in nodes(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id


def global_names(node: ast.stmt) -> Iterator[str]:
    """Names a top-level statement may bind, those in the blocks of ``if``, ``try``, ``with`` included."""
    if isinstance(node, (ast.If, ast.Try, ast.With)):
        for child in nodes(node):
            if isinstance(child, ast.stmt):
                yield from bindings(child)
    else:
        yield from bindings(node)


def arguments(signature: ast.arguments) -> list[ast.arg]:
    """All parameters, the starred ones last."""
    listed = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
    return [*listed, *(a for a in (signature.vararg, signature.kwarg) if a is not None)]
