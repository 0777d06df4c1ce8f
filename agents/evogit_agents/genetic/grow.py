"""New small expressions from the names, constants and calls in scope and the problem's primitives."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from evogit_agents.genetic.index import Function, Index, Site, Statement
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.scope import loads, portable
from evogit_agents.genetic.source import same, size
from evogit_agents.genetic.templates import Template, clone

MAX_FLOAT: Final = 1e9
MAX_INT: Final = 10**6
"""Larger constants only make memory hogs (``[0] * n``) and overflow."""

_PALETTE: Final = (0, 1, 2, 3, 4, 5, 10, 100, 0.5, 0.1, 0.25, 0.01, 1.5)
_EXPONENTS: Final = (2, 2, 3, 0.5)
_COMPARISONS: Final = (ast.Lt, ast.Lt, ast.LtE, ast.Gt, ast.Gt, ast.GtE, ast.Eq)
_OPERATORS: Final[tuple[type[ast.operator], ...]] = (
    ast.Add, ast.Add, ast.Sub, ast.Sub, ast.Sub, ast.Mult, ast.Mult, ast.Div, ast.Div, ast.Mod,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What growing needs to know of a place: the names there and the function around it."""

    visible: Mapping[str, Kind]
    function: Function | None


def place_of(at: Site | Statement) -> Place:
    """The place of a site or of a statement."""
    statement = at.statement if isinstance(at, Site) else at
    return Place(at.visible, statement.function)


def number(value: float) -> ast.expr:
    """A numeric literal as the parser would build it; long fractions are rounded to 4 digits."""
    if isinstance(value, float):
        value = float(f"{value:.4g}") if math.isfinite(value) else 0.0
        value = max(-MAX_FLOAT, min(MAX_FLOAT, value))
    literal = ast.Constant(abs(value))
    return ast.UnaryOp(ast.USub(), literal) if value < 0 else literal


class Grower:
    """Grows random expressions of a wanted kind for one file."""

    def __init__(self, index: Index, templates: Sequence[Template], random: Random) -> None:
        self._index = index
        self._templates = templates
        self._random = random
        self._parts: list[Site] | None = None

    def names(self, place: Place, kind: Kind) -> list[str]:
        """Names and attributes of ``kind`` that certainly have a value at ``place``."""
        visible, function = place.visible, place.function
        found = [n for n, k in visible.items() if k is kind]
        if function is None:
            return found
        hidden = function.bound
        if kind is not Kind.UNKNOWN:
            outer = self._index.globals.items()
            found += [n for n, k in outer if k is kind and n not in hidden and n not in visible]
        for name in function.attributes:
            root = name.partition(".")[0]
            if function.kinds.get(name, Kind.UNKNOWN) is kind and (
                root in visible or (root in self._index.globals and root not in hidden)
            ):
                found.append(name)
        return found

    def usable(self, template: Template, place: Place) -> bool:
        """Whether all that ``template`` calls is in scope and no function around the place."""
        function = place.function
        inside = function.outer if function is not None else ()
        return all(
            name not in inside and self._index.known(name, place.visible, function)
            for name in template.needs
        )

    def grow(self, place: Place, kind: Kind, depth: int) -> ast.expr | None:
        """An expression of ``kind``, at most ``depth`` operators deep; ``None`` if there is none."""
        if kind is Kind.NUMBER:
            return self._number(place, depth)
        if kind is Kind.TRUTH:
            return self._condition(place, depth)
        return self._named(place, kind)

    def alternative(self, place: Place, depth: int) -> ast.expr:
        """A number to use instead of another one, as often below zero as above."""
        value = self._number(place, depth)
        if self._random.random() < 0.5:
            return value
        return value.operand if isinstance(value, ast.UnaryOp) else ast.UnaryOp(ast.USub(), value)

    def fill(self, template: Template, place: Place, depth: int) -> ast.expr | None:
        """``template`` with its holes filled."""
        return self.fill_with(template, place, depth, None, None)

    def fill_with(
        self,
        template: Template,
        place: Place,
        depth: int,
        given: ast.expr | None,
        kind: Kind | None,
    ) -> ast.expr | None:
        """``template`` with ``given`` in one hole of ``kind`` and grown expressions in the others."""
        fitting = [name for name, k in template.holes.items() if k is kind]
        if given is not None and not fitting:
            return None
        taken = self._random.choice(fitting) if given is not None else None
        holes: dict[str, ast.expr] = {}
        for name, k in template.holes.items():
            value = given if name == taken else self.grow(place, k, depth)
            if value is None:
                return None
            holes[name] = value
        return clone(template.node, holes)

    def choose(self, place: Place, kind: Kind) -> Template | None:
        """A template of ``kind`` that is usable at ``place``."""
        usable = [t for t in self._templates if t.kind is kind and self.usable(t, place)]
        return self._random.choice(usable) if usable else None

    def constant(self) -> ast.expr:
        """A plain number: from a short list, or of a random magnitude with two digits."""
        sign = -1 if self._random.random() < 0.2 else 1
        if self._random.random() < 0.5:
            return number(sign * self._random.choice(_PALETTE))
        value = float(f"{10 ** self._random.uniform(-1, 2.2):.2g}")
        return number(sign * (int(value) if value.is_integer() else value))

    def threshold(self) -> ast.expr:
        """A number to compare with: mostly whole, of a random magnitude up to a few hundred."""
        if self._random.random() < 0.15:
            return self.constant()
        return number(round(10 ** self._random.uniform(0, 2.4)))

    def _between(self, middle: ast.expr) -> ast.expr:
        """A window: two thresholds with ``middle`` between them."""
        ends = sorted(round(10 ** self._random.uniform(0, 2.4)) for _ in range(2))
        low, high = ast.Constant(ends[0]), ast.Constant(ends[1] + 1)
        return ast.Compare(low, [ast.Lt(), ast.Lt()], [middle, high])

    def operator(self) -> ast.operator:
        """An arithmetic operator."""
        return self._random.choice(_OPERATORS)()

    def _number(self, place: Place, depth: int) -> ast.expr:
        random = self._random
        if depth <= 0 or random.random() < 0.3:
            return self._leaf(place)
        roll = random.random()
        if roll < 0.3:
            template = self.choose(place, Kind.NUMBER)
            filled = self.fill(template, place, depth - 1) if template is not None else None
            if filled is not None:
                return filled
        elif roll < 0.36:
            power = ast.Constant(random.choice(_EXPONENTS))
            return ast.BinOp(self._leaf(place), ast.Pow(), power)
        elif roll < 0.48:
            test = self._condition(place, depth - 1)
            return ast.IfExp(test, self.alternative(place, 0), self._number(place, depth - 1))
        left, right = self._number(place, depth - 1), self._number(place, depth - 1)
        if _settled(left, right):
            return self._leaf(place)
        return ast.BinOp(left, self.operator(), right)

    def _leaf(self, place: Place) -> ast.expr:
        roll = self._random.random()
        found = self._part(place) if roll < 0.2 else None
        if found is None and roll < 0.75:
            found = self._named(place, Kind.NUMBER)
        return found if found is not None else self.constant()

    def _part(self, place: Place) -> ast.expr | None:
        """A copy of a small numeric expression of the same function: what worked is built upon."""
        if self._parts is None:
            self._parts = [s for s in self._index.sites if _is_part(s)]
        near = [s for s in self._parts if s.statement.function is place.function]
        node = self._random.choice(near).node if near else None
        if node is None or not all(
            self._index.known(name, place.visible, place.function) for name in loads(node)
        ):
            return None
        return clone(node, {})

    def _named(self, place: Place, kind: Kind) -> ast.expr | None:
        names = self.names(place, kind)
        return _reference(self._random.choice(names)) if names else None

    def _condition(self, place: Place, depth: int) -> ast.expr:
        random = self._random
        roll = random.random()
        if roll < 0.1:
            named = self._named(place, Kind.TRUTH)
            if named is not None:
                return named
        if roll < 0.2 and depth > 1:
            both = [self._condition(place, 1), self._condition(place, 1)]
            return ast.BoolOp(random.choice((ast.And, ast.Or))(), both)
        left = self._part(place) if random.random() < 0.3 else self._named(place, Kind.NUMBER)
        if left is None or random.random() < 0.15:
            left = self._number(place, 1)
        if random.random() < 0.35 and not isinstance(left, ast.Constant):
            return self._between(left)
        right = self.threshold() if random.random() < 0.6 else self._number(place, min(depth, 1))
        for _ in range(3):
            if _settled(left, right):
                right = self._leaf(place)
        return ast.Compare(left, [random.choice(_COMPARISONS)()], [right])


def _is_part(site: Site) -> bool:
    wanted = site.kind is Kind.NUMBER and isinstance(site.node, (ast.BinOp, ast.Call))
    return wanted and site.power == 0 and size(site.node) <= 7 and portable(site.node)


def _settled(left: ast.expr, right: ast.expr) -> bool:
    """Whether an operator between the two has a foregone result."""
    plain = (ast.Constant, ast.UnaryOp)
    return (isinstance(left, plain) and isinstance(right, plain)) or same(left, right)


def _reference(name: str) -> ast.expr:
    root, *rest = name.split(".")
    node: ast.expr = ast.Name(root, ast.Load())
    for attribute in rest:
        node = ast.Attribute(node, attribute, ast.Load())
    return node
