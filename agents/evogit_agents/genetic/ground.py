"""What every mutation works on: one indexed file, what may grow there, and the source of chance."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from evogit_agents.genetic.edit import Edited, replace
from evogit_agents.genetic.grow import Grower, place_of
from evogit_agents.genetic.index import BASE, EXPONENT, HEIGHT, Function, Index, Site
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.scope import loads
from evogit_agents.genetic.source import nodes, size
from evogit_agents.genetic.templates import Template

MAX_GRAFT: Final = 30
"""Expressions and statements in one new piece."""

MAX_FUNCTION: Final = 200
"""A function this large only takes edits that do not make it larger."""

Mutation = Callable[["Ground"], Edited | None]
"""Makes one edit, or ``None`` if what chance picked does not allow it; callers try again."""


@dataclass(slots=True)
class Ground:
    """One file to edit. ``donors`` are files of other individuals to graft from."""

    index: Index
    templates: Sequence[Template]
    random: Random
    donors: Sequence[Index] = ()
    grower: Grower = field(init=False)

    def __post_init__(self) -> None:
        self.grower = Grower(self.index, self.templates, self.random)

    def site(self, wanted: Callable[[Site], bool]) -> Site | None:
        """A random site that is no exponent, no height of a curve, and fulfils ``wanted``."""
        found = [s for s in self.index.sites if s.power not in (EXPONENT, HEIGHT) and wanted(s)]
        return self.random.choice(found) if found else None

    def put(self, site: Site, node: ast.expr | None, note: str = "") -> Edited | None:
        """Replace ``site`` by ``node`` unless that bloats, nests powers, or there is no node."""
        if node is None or not self.fits(site.statement.function, size(node) - size(site.node)):
            return None
        if size(node) > max(MAX_GRAFT, size(site.node) + 4):
            return None
        if _counts(site) and any(_fractional(n) for n in nodes(node)):
            return None
        if site.power == BASE and any(isinstance(n, ast.Pow) for n in nodes(node)):
            return None
        return replace(self.index, site, node, note)

    def fits(self, function: Function | None, growth: int) -> bool:
        """Whether a function may grow by so many nodes."""
        return growth <= 0 or function is None or function.size + growth <= MAX_FUNCTION

    def in_scope(self, node: ast.AST, at: Site, *, known: frozenset[str] = frozenset()) -> bool:
        """Whether all names that ``node`` reads have a value at ``at``, and none is recursive."""
        place = place_of(at)
        inside = place.function.outer if place.function is not None else ()
        return all(
            name not in inside
            and (name in known or self.index.known(name, place.visible, place.function))
            for name in loads(node)
        )


def _counts(site: Site) -> bool:
    """Whether a whole number is wanted: an index, a slice bound, an argument of ``range``."""
    match site.parent:
        case ast.Slice():
            return True
        case ast.Subscript():
            return site.field == "slice"
        case ast.Call(func=ast.Name(id="range")):
            return True
        case _:
            return False


def _fractional(node: ast.AST) -> bool:
    return isinstance(node, ast.Div) or (
        isinstance(node, ast.Constant) and isinstance(node.value, float)
    )


def kind_is(*kinds: Kind) -> Callable[[Site], bool]:
    """A test whether a site is of one of ``kinds``."""
    return lambda site: site.kind in kinds
