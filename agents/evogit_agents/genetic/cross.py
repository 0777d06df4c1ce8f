"""Crossover: graft an expression, statement or function of one individual into another."""

from __future__ import annotations

import ast

from evogit_agents.genetic.edit import Edited, line_span, rewrite
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.index import HEIGHT, Index, Statement
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.scope import loads, portable
from evogit_agents.genetic.source import nodes, same
from evogit_agents.genetic.templates import clone


def cross_function(ground: Ground) -> Edited | None:
    """Take over a donor's version of a function both have, if the two differ."""
    pairs = [
        (mine, theirs, donor)
        for donor in ground.donors
        for mine, theirs in _pairs(ground.index, donor)
    ]
    if not pairs:
        return None
    mine, theirs, donor = ground.random.choice(pairs)
    source = ground.index.source
    span = line_span(source, mine.node, mine.node)
    other = line_span(donor.source, theirs.node, theirs.node)
    if span is None or other is None or not _resolvable(ground.index, theirs, mine):
        return None
    text = donor.source.text[other[0] : other[1]]
    text = text if text.endswith(("\n", "\r")) else text + donor.source.newline()
    block = [*mine.siblings[: mine.place], theirs.node, *mine.siblings[mine.place + 1 :]]
    return rewrite(ground.index, mine, span, text, block, f"take over `{theirs.node.name}` whole")  # type: ignore[attr-defined]


def cross_expression(ground: Ground) -> Edited | None:
    """Replace an expression by a donor's one of the same kind, preferably of the same function."""
    if not ground.donors:
        return None
    donor = ground.random.choice(ground.donors)
    site = ground.site(lambda s: s.kind is not Kind.UNKNOWN)
    if site is None:
        return None
    there = [s for s in donor.sites if s.kind is site.kind and not isinstance(s.node, ast.Name)]
    there = [s for s in there if s.power != HEIGHT]
    named = site.statement.function
    near = [
        s
        for s in there
        if named is not None
        and s.statement.function is not None
        and s.statement.function.outer == named.outer
    ]
    pool = near or there
    if not pool:
        return None
    other = ground.random.choice(pool).node
    if not portable(other) or not ground.in_scope(other, site):
        return None
    return ground.put(site, clone(other, {}))


def _pairs(index: Index, donor: Index) -> list[tuple[Statement, Statement]]:
    theirs = {_path(s): s for s in donor.functions}
    found = [(s, theirs[_path(s)]) for s in index.functions if s.editable and _path(s) in theirs]
    return [(a, b) for a, b in found if not same(a.node, b.node)]


def _path(at: Statement) -> tuple[object, ...]:
    outer = at.function.outer if at.function is not None else ()
    return (*outer, getattr(at.node, "name", ""), at.node.col_offset)


def _resolvable(index: Index, theirs: Statement, mine: Statement) -> bool:
    """Whether every name the donor's function reads is its own or in scope here."""
    own = {
        n.id for n in nodes(theirs.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    own |= {n.arg for n in nodes(theirs.node) if isinstance(n, ast.arg)}
    own |= {
        n.name
        for n in nodes(theirs.node)
        if isinstance(n, (ast.FunctionDef, ast.ExceptHandler)) and n.name
    }
    visible = {**mine.visible, **dict.fromkeys(index.globals, Kind.UNKNOWN)}
    imports = any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in nodes(theirs.node))
    names = (n for n in loads(theirs.node) if n not in own)
    return not imports and all(index.known(n, visible, mine.function) for n in names)
