"""Loops that walk a sequence instead of its indices, and lists that are built at once."""

from __future__ import annotations

import ast

from evogit_agents.genetic.edit import Edited, line_span
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import Statement
from evogit_agents.genetic.scope import portable
from evogit_agents.genetic.source import nodes
from evogit_agents.genetic.speed.splicing import fresh, loops, readable, spliced, stored


def walk_items(ground: Ground) -> Edited | None:
    """``for i in range(len(a))`` becomes ``for i, item in enumerate(a)``; ``a[i]`` becomes ``item``."""
    found = [(s, name) for s in loops(ground) if (name := _walked(s.node)) is not None]
    if not found:
        return None
    at, (counter, sequence) = ground.random.choice(found)
    loop = at.node
    if not isinstance(loop, ast.For) or {counter, sequence} & stored(ast.Module(loop.body, [])):
        return None
    item, source = fresh(ground.index, "item"), ground.index.source
    places = [n for s in loop.body for n in readable(s) if _is_item(n, counter, sequence)]
    head = (source.span(loop.target)[0], source.span(loop.iter)[1])
    splices = [(*head, f"{counter}, {item} in enumerate({sequence})")]
    splices += [(*source.span(n), item) for n in places]
    if not places:
        return None
    return spliced(ground.index, at, splices, f"walk the items of `{sequence}`")


def build_at_once(ground: Ground) -> Edited | None:
    """``x = []`` and a loop of ``x.append(...)`` become a comprehension."""
    found = [(s, made) for s in loops(ground) if (made := _built(s)) is not None]
    if not found:
        return None
    at, (text, first) = ground.random.choice(found)
    source = ground.index.source
    span = line_span(source, first, at.node)
    if span is None:
        return None
    start, end = source.span(first)[0], source.span(at.node)[1]
    return spliced(ground.index, at, [(start, end, text)], f"build `{text[:48]}` at once")


def _walked(node: ast.stmt) -> tuple[str, str] | None:
    """The counter and the sequence of ``for i in range(len(a))``."""
    match node:
        case ast.For(
            target=ast.Name(id=counter),
            iter=ast.Call(
                func=ast.Name(id="range"),
                args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=sequence)])],
            ),
        ):
            return counter, sequence
        case _:
            return None


def _is_item(node: ast.expr, counter: str, sequence: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=index), ctx=ast.Load()):
            return (name, index) == (sequence, counter)
        case _:
            return False


def _built(at: Statement) -> tuple[str, ast.stmt] | None:
    """The comprehension, and the statement before the loop that it takes the place of, too."""
    loop = at.node
    previous = at.siblings[at.place - 1] if at.place else None
    if not isinstance(loop, ast.For) or loop.orelse or len(loop.body) != 1:
        return None
    match previous:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])):
            pass
        case _:
            return None
    body, condition = loop.body[0], ""
    if isinstance(body, ast.If) and not body.orelse and len(body.body) == 1:
        condition, body = f" if {ast.unparse(body.test)}", body.body[0]
    match body:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=called), attr="append"), args=[item]
            )
        ) if called == name and portable(item):
            pass
        case _:
            return None
    if any(isinstance(n, ast.Name) and n.id == name for n in nodes(item)):
        return None
    walk = f"for {ast.unparse(loop.target)} in {ast.unparse(loop.iter)}{condition}"
    return f"{name} = [{ast.unparse(item)} {walk}]", previous
