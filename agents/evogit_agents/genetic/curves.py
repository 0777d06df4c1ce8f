"""A number that a function returns, corrected by a curve over another number.

What no small expression says, a curve of free heights can: evolution finds over what one belongs, and
``tune`` finds the heights, all of them together. The sum of the number, a curve and one that is
multiplied by a third number is a varying-coefficient model (T. Hastie and R. Tibshirani, Journal of the
Royal Statistical Society B 55(4), 1993).
"""

from __future__ import annotations

import ast
from typing import Final

from evogit.genome.curves import curve
from evogit_agents.genetic.edit import Edited, replace
from evogit_agents.genetic.ground import Ground
from evogit_agents.genetic.grow import Place, number, place_of
from evogit_agents.genetic.index import Site
from evogit_agents.genetic.kinds import Kind
from evogit_agents.genetic.source import size

OPERATOR: Final = "bend"

_HEIGHTS: Final = (8, 12, 16)
_REACH: Final = (0.5, 2.4)
"""The last height stands at 10 to a power between these."""
_SIZE: Final = (-1.5, 0.0)
"""How large the heights are beside half of the reach: 10 to a power between these."""


def bend(ground: Ground) -> Edited | None:
    """Add to a returned number a curve over another one, or two of which one varies with a third."""
    site = ground.site(_is_returned)
    over = _variable(ground, place_of(site), 1) if site is not None else None
    if site is None or over is None:
        return None
    node = _curves(ground, site, over)
    if node is None or not ground.fits(site.statement.function, size(node) - size(site.node)):
        return None
    return replace(ground.index, site, node, f"add a curve over `{ast.unparse(over)[:40]}`")


def _is_returned(site: Site) -> bool:
    return site.kind is Kind.NUMBER and isinstance(site.parent, ast.Return)


def _variable(ground: Ground, place: Place, depth: int) -> ast.expr | None:
    """A number that is no constant."""
    found = ground.grower.grow(place, Kind.NUMBER, ground.random.choice((0, 0, depth)))
    return None if isinstance(found, ast.Constant | ast.UnaryOp) else found


def _curves(ground: Ground, site: Site, over: ast.expr) -> ast.expr | None:
    random = ground.random
    count, reach = random.choice(_HEIGHTS), 10 ** random.uniform(*_REACH)
    bent = ast.BinOp(site.node, ast.Add(), _drawn(ground, over, count, reach))
    if random.random() < 0.5:
        return bent
    factor = _variable(ground, place_of(site), 0)
    if factor is None:
        return None
    varying = ast.BinOp(factor, ast.Mult(), _drawn(ground, over, count, reach))
    return ast.BinOp(bent, ast.Add(), varying)


def _drawn(ground: Ground, over: ast.expr, count: int, reach: float) -> ast.Call:
    most = reach / 2 * 10 ** ground.random.uniform(*_SIZE)
    heights = [number(ground.random.gauss(0, most)) for _ in range(count)]
    return curve(over, float(f"{reach / (count - 1):.2g}"), heights)
