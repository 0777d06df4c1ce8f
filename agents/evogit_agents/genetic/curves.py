"""A number that a function returns, corrected by a curve over another number.

What no small expression says, a curve of free heights can: evolution finds over what one belongs, and
``tune`` finds the heights, all of them together. The sum of the number, a curve and one that is
multiplied by a third number is a varying-coefficient model (T. Hastie and R. Tibshirani, Journal of the
Royal Statistical Society B 55(4), 1993).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from random import Random
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
"""The last height stands at 10 to a power between these, if nothing is known of the number ..."""
_SHARE: Final = (0.3, 1.0)
"""... else at a share between these of the largest that it may be."""
_SIZE: Final = (-1.5, 0.0)
"""How large the heights are beside half of the reach: 10 to a power between these."""


def bend(ground: Ground, largest: Mapping[str, float]) -> Edited | None:
    """Add to a returned number a curve over another one, or two of which one varies with a third.

    Args:
        ground: the file.
        largest: what is declared of its functions' arguments: how large they are at most.
    """
    site = ground.site(_is_returned)
    over = _variable(ground, place_of(site)) if site is not None else None
    if site is None or over is None:
        return None
    node = _curves(ground, site, over, _reach(over, largest, ground.random))
    if node is None or not ground.fits(site.statement.function, size(node) - size(site.node)):
        return None
    return replace(ground.index, site, node, f"add a curve over `{ast.unparse(over)[:40]}`")


def _is_returned(site: Site) -> bool:
    return site.kind is Kind.NUMBER and isinstance(site.parent, ast.Return)


def _variable(ground: Ground, place: Place) -> ast.expr | None:
    """A number that is no constant."""
    found = ground.grower.grow(place, Kind.NUMBER, 0)
    return None if isinstance(found, ast.Constant | ast.UnaryOp) else found


def _reach(over: ast.expr, largest: Mapping[str, float], random: Random) -> float:
    name = over.id if isinstance(over, ast.Name) else ""
    most = largest.get(name, max(largest.values(), default=0.0))
    return most * random.uniform(*_SHARE) if most > 0 else 10 ** random.uniform(*_REACH)


def _curves(ground: Ground, site: Site, over: ast.expr, reach: float) -> ast.expr | None:
    random = ground.random
    count = random.choice(_HEIGHTS)
    bent = ast.BinOp(site.node, ast.Add(), _drawn(ground, over, count, reach))
    if random.random() < 0.5:
        return bent
    factor = _variable(ground, place_of(site))
    if factor is None:
        return None
    varying = ast.BinOp(factor, ast.Mult(), _drawn(ground, over, count, reach))
    return ast.BinOp(bent, ast.Add(), varying)


def _drawn(ground: Ground, over: ast.expr, count: int, reach: float) -> ast.Call:
    most = reach / 2 * 10 ** ground.random.uniform(*_SIZE)
    heights = [number(ground.random.gauss(0, most)) for _ in range(count)]
    return curve(over, float(f"{reach / (count - 1):.2g}"), heights)
