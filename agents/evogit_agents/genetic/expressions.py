"""Mutations of one expression. Each keeps the kind: numbers by numbers, conditions by conditions."""

from __future__ import annotations

import ast
from random import Random
from typing import Final

from evogit.genome.curves import as_curve
from evogit.syntax import parse
from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.ground import Ground, kind_is
from evogit_agents.genetic.grow import MAX_FLOAT, MAX_INT, number, place_of
from evogit_agents.genetic.index import EXPONENT, HEIGHT, Site
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.scope import portable
from evogit_agents.genetic.source import nodes, same
from evogit_agents.genetic.templates import clone

_CLASSES: Final[tuple[tuple[type[ast.AST], ...], ...]] = (
    (ast.Add, ast.Sub, ast.Mult, ast.Div),
    (ast.Div, ast.FloorDiv, ast.Mod),
    (ast.BitAnd, ast.BitOr, ast.BitXor),
    (ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.And, ast.Or),
)
_TWINS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SMALL_EXPONENTS: Final = (0.5, 1, 1.5, 2, 3)
_ROUND: Final = (0, 1, 2, 0.5, 10, 0.1)


def replace_grown(ground: Ground) -> Edited | None:
    """Replace an expression by a new small one of its kind."""
    site = ground.site(kind_is(Kind.NUMBER, Kind.TRUTH))
    if site is None:
        return None
    depth = ground.random.choice((1, 1, 2, 2, 3))
    return ground.put(site, ground.grower.grow(place_of(site), site.kind, depth))


def wrap(ground: Ground) -> Edited | None:
    """Put a number or condition into a larger expression."""
    site = ground.site(kind_is(Kind.NUMBER, Kind.TRUTH))
    if site is None:
        return None
    wrapped = _wrapped_number if site.kind is Kind.NUMBER else _wrapped_condition
    return ground.put(site, wrapped(ground, site))


def hoist(ground: Ground) -> Edited | None:
    """Replace an expression by a part of it of the same kind."""
    site = ground.site(
        lambda s: isinstance(s.node, (ast.BinOp, ast.BoolOp, ast.Call, ast.IfExp, ast.UnaryOp))
    )
    if site is None:
        return None
    inside = {id(n) for n in nodes(site.node)} - {id(site.node)}
    parts = [s for s in ground.index.sites if id(s.node) in inside and s.kind is site.kind]
    parts = [s for s in parts if s.power != HEIGHT]
    parts = [s for s in parts if ground.in_scope(s.node, site)]
    return ground.put(site, ground.random.choice(parts).node) if parts else None


def swap_operator(ground: Ground) -> Edited | None:
    """Change an operator, comparison or ``min``/``max`` within its class."""
    site = ground.site(_has_operator)
    if site is None:
        return None
    node = site.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        twin = ast.Name(_TWINS[node.func.id], ast.Load())
        visible = ground.in_scope(twin, site)
        return ground.put(site, ast.Call(twin, node.args, node.keywords)) if visible else None
    return ground.put(site, _with_operator(node, ground.random))


def nudge(ground: Ground) -> Edited | None:
    """Change a constant a little, sometimes much."""
    found = [s for s in ground.index.sites if _tunable(s)]
    if not found:
        return None
    site = ground.random.choice(found)
    value = _literal(site.node)
    value = _negative(site.node) if value is None else value
    if isinstance(value, bool):
        return ground.put(site, ast.Constant(not value))
    if value is None:
        return None
    if site.power == EXPONENT:
        fits = abs(value) <= max(_SMALL_EXPONENTS)
        return ground.put(site, number(ground.random.choice(_SMALL_EXPONENTS))) if fits else None
    real = isinstance(site.parent, (ast.BinOp, ast.Compare, ast.IfExp, ast.Return))
    return ground.put(site, number(_nudged(value, ground.random, real=real)))


def rename(ground: Ground) -> Edited | None:
    """Replace a name by another one of its kind."""
    site = ground.site(lambda s: isinstance(s.node, (ast.Name, ast.Attribute)))
    if site is None:
        return None
    old = ast.unparse(site.node)
    names = [n for n in ground.grower.names(place_of(site), site.kind) if n != old]
    if not names:
        return None
    return ground.put(site, parse(ground.random.choice(names), "eval").body)


def graft(ground: Ground) -> Edited | None:
    """Replace an expression by a copy of another one of its kind, from this file or a donor."""
    site = ground.site(lambda s: s.kind is not Kind.UNKNOWN or isinstance(s.node, ast.Call))
    if site is None:
        return None
    pools = [ground.index, *ground.donors]
    pool = ground.random.choice(pools)
    others = [s for s in pool.sites if _donates(s, site)]
    if not others:
        return None
    other = ground.random.choice(others).node
    if not portable(other) or not ground.in_scope(other, site):
        return None
    return ground.put(site, clone(other, {}))


def swap_parts(ground: Ground) -> Edited | None:
    """Exchange the operands of an operator or comparison, or two arguments of a call."""
    site = ground.site(lambda s: isinstance(s.node, (ast.BinOp, ast.Compare, ast.Call, ast.IfExp)))
    match site.node if site is not None else None:
        case ast.BinOp(left, ast.Pow() | ast.LShift(), right):
            return None
        case ast.BinOp(left, op, right):
            swapped: ast.expr = ast.BinOp(right, op, left)
        case ast.Compare(left, [op], [right]):
            swapped = ast.Compare(right, [op], [left])
        case ast.IfExp(test, body, orelse):
            swapped = ast.IfExp(test, orelse, body)
        case ast.Call(func, args, keywords) as call if len(args) > 1 and as_curve(call) is None:
            one, two = sorted(ground.random.sample(range(len(args)), 2))
            moved = [*args]
            moved[one], moved[two] = args[two], args[one]
            swapped = ast.Call(func, moved, keywords)
        case _:
            return None
    return ground.put(site, swapped) if site is not None else None


def negate(ground: Ground) -> Edited | None:
    """Negate a condition; a double negation goes away."""
    site = ground.site(kind_is(Kind.TRUTH))
    if site is None:
        return None
    match site.node:
        case ast.UnaryOp(ast.Not(), operand):
            return ground.put(site, operand)
        case ast.Constant(value=value):
            return ground.put(site, ast.Constant(not value))
        case node:
            return ground.put(site, ast.UnaryOp(ast.Not(), node))


def _wrapped_number(ground: Ground, site: Site) -> ast.expr | None:
    random, grower, place = ground.random, ground.grower, place_of(site)
    roll = random.random()
    if roll < 0.3:
        template = grower.choose(place, Kind.NUMBER)
        if template is not None:
            return grower.fill_with(template, place, 1, site.node, Kind.NUMBER)
    if roll < 0.5:
        test = grower.grow(place, Kind.TRUTH, 1)
        other = grower.alternative(place, random.choice((0, 1, 1)))
        if test is None:
            return None
        pair = (site.node, other) if random.random() < 0.5 else (other, site.node)
        return ast.IfExp(test, *pair)
    other = grower.grow(place, Kind.NUMBER, random.choice((0, 1, 1, 2)))
    if other is None:
        return None
    pair = (site.node, other) if random.random() < 0.7 else (other, site.node)
    return ast.BinOp(pair[0], grower.operator(), pair[1])


def _wrapped_condition(ground: Ground, site: Site) -> ast.expr | None:
    other = ground.grower.grow(place_of(site), Kind.TRUTH, 1)
    if other is None:
        return None
    operator = ast.And() if ground.random.random() < 0.5 else ast.Or()
    return ast.BoolOp(operator, [site.node, other])


def _has_operator(site: Site) -> bool:
    match site.node:
        case ast.BinOp(op=op):
            known = site.kind in (Kind.NUMBER, Kind.UNKNOWN)
            return known and any(type(op) in family for family in _CLASSES)
        case ast.Compare() | ast.BoolOp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in _TWINS
        case _:
            return False


def _with_operator(node: ast.expr, random: Random) -> ast.expr | None:
    match node:
        case ast.BinOp(left, op, right):
            swapped = _relative(op, random)
            return ast.BinOp(left, swapped, right) if isinstance(swapped, ast.operator) else None
        case ast.BoolOp(op, values):
            swapped = _relative(op, random)
            return ast.BoolOp(swapped, values) if isinstance(swapped, ast.boolop) else None
        case ast.Compare(left, ops, comparators):
            place = random.randrange(len(ops))
            swapped = _relative(ops[place], random)
            if not isinstance(swapped, ast.cmpop):
                return None
            return ast.Compare(left, [*ops[:place], swapped, *ops[place + 1 :]], comparators)
        case _:
            return None


def _relative(op: ast.AST, random: Random) -> ast.AST | None:
    others = [t for family in _CLASSES if type(op) in family for t in family if t is not type(op)]
    return random.choice(others)() if others else None


def _literal(node: ast.expr) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) else None


def _tunable(site: Site) -> bool:
    negative = isinstance(site.parent, ast.UnaryOp) and isinstance(site.parent.op, ast.USub)
    return (_literal(site.node) is not None and not negative) or _negative(site.node) is not None


def _negative(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _literal(node.operand)
        return None if value is None else -value
    return None


def _nudged(value: float, random: Random, *, real: bool) -> float:
    roll = random.random()
    if roll < 0.1:
        return random.choice(_ROUND) if real else random.choice((0, 1, 2))
    if roll < 0.17:
        return -value
    if isinstance(value, int) and (roll < 0.5 or not real):
        stepped = value + random.choice((-2, -1, -1, 1, 1, 2))
        scaled = round(min(abs(value), MAX_INT) * random.lognormvariate(0, 0.5))
        nudged = stepped if random.random() < 0.6 else (scaled if value >= 0 else -scaled)
        limit = max(MAX_INT, abs(value) + 2)
        return max(-limit, min(limit, nudged))
    real_value = float(max(-MAX_FLOAT, min(MAX_FLOAT, value)))
    if roll < 0.6:
        return real_value * random.choice((0.1, 0.5, 2.0, 10.0))
    return real_value * random.lognormvariate(0, 0.3)


def _donates(donor: Site, site: Site) -> bool:
    if donor.kind is not site.kind or donor.node is site.node or donor.power == HEIGHT:
        return False
    plain = isinstance(donor.node, (ast.Name, ast.Constant))
    return not plain and not same(donor.node, site.node)
