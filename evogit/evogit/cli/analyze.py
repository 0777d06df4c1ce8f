"""``evogit analyze``: figures of the phylogeny."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from evogit.cli.individuals import note_unscored, number, short
from evogit.cli.output import Column
from evogit.cli.session import Session

if TYPE_CHECKING:
    from evogit.analysis.figures import Clade
    from evogit.phylogeny.index import Phylogeny

_SHOWN: Final = 10
"""Clades in the table; ``--json`` has all."""
_DIGITS: Final = 14
_CLADES: Final = (
    Column("clade of", "commit", style="yellow", show=short),
    Column("individuals", "size", right=True),
    Column("scored", "scored", right=True),
    Column("mean", "mean", right=True, show=number),
    Column("best", "best", right=True, style="bold", show=number),
)
_MERGES: Final = (
    Column("generations apart", "apart"),
    Column("merges", "merges", right=True),
    Column("scored", "scored", right=True),
    Column("better than both", "better", right=True),
    Column("mean gain", "mean_gain", right=True, show=number),
)
_CREDIT: Final = (
    Column("operator", "operator"),
    Column("without offspring", "fruitless", right=True),
    Column("individuals", "individuals", right=True),
    Column("scored", "scored", right=True),
    Column("improved", "improved", right=True),
    Column("records", "records", right=True),
    Column("gained", "gained", right=True, style="green", show=number),
)


def analyze(session: Session) -> None:
    """Show figures of the phylogeny: coalescence, clades, merges, selection, operators.

    Fitness is the score with the sign that makes higher better. Each figure is defined in docs/analysis.md.

    Example: evogit analyze --json
    """
    note_unscored(session)
    data = collect(session.phylogeny, maximize=session.maximize)
    session.output.result(data, lambda: _print(session, data))


def collect(phylogeny: Phylogeny, *, maximize: bool) -> dict[str, Any]:
    """All figures as JSON data; ``mean`` and ``best`` of clades are scores, gains are of fitness."""
    from evogit.analysis import figures

    found = figures.coalescence(phylogeny)
    split = figures.price(phylogeny)
    sign = 1.0 if maximize else -1.0
    return {
        "individuals": len(phylogeny),
        "coalescence": {
            "common_ancestor": phylogeny.commit(found.common),
            "generation": phylogeny.generation(found.common),
            "tips": found.tips,
            "mean_depth": found.depth,
            "sweeps": [{"commit": phylogeny.commit(s.row), "gain": s.gain} for s in found.sweeps],
        },
        "clades": [_clade(phylogeny, c, sign) for c in figures.clades(phylogeny)],
        "merges": [
            {"apart": _range(m.nearest, m.farthest), **asdict(m)} for m in figures.merges(phylogeny)
        ],
        "price": None if split is None else {**asdict(split), "change": split.change},
        "operators": [asdict(credit) for credit in figures.operator_credit(phylogeny)],
    }


def _clade(phylogeny: Phylogeny, clade: Clade, sign: float) -> dict[str, object]:
    return {
        "commit": phylogeny.commit(clade.root),
        "size": clade.size,
        "scored": clade.scored,
        "mean": None if clade.mean is None else sign * clade.mean,
        "best": None if clade.best is None else sign * clade.best,
    }


def _range(nearest: int, farthest: int) -> str:
    return f"{nearest} or more" if farthest > 10**6 else f"{nearest} to {farthest}"


def _print(session: Session, data: dict[str, Any]) -> None:
    output, together = session.output, data["coalescence"]
    output.pairs(
        [
            (
                "common ancestor",
                f"{short(together['common_ancestor'])} of generation {together['generation']}",
            ),
            (
                "lineages alive",
                f"{together['tips']}, {together['mean_depth']:.1f} generations beyond it",
            ),
            ("sweeps", _sweeps(together["sweeps"])),
            ("Price", in_words(data["price"])),
        ]
    )
    for rows, columns in (
        (data["clades"], _CLADES),
        (data["merges"], _MERGES),
        (data["operators"], _CREDIT),
    ):
        if rows:
            output.line()
            output.table(rows if columns is not _CLADES else rows[:_SHOWN], columns)
        if columns is _CLADES and len(rows) > _SHOWN:
            output.line(f"the {_SHOWN} fittest of {len(rows)} clades; --json has all")


def _sweeps(found: list[dict[str, Any]]) -> str:
    if not found:
        return "none: no improvement is an ancestor of every lineage alive"
    last = ", ".join(f"{short(s['commit'])} ({s['gain']:+.3g})" for s in found[-4:])
    return f"{len(found)}, the last: {last}"


def in_words(found: dict[str, Any] | None) -> str:
    """Price's split with as many decimals as it takes to check the sum; empty if there is none."""
    if found is None:
        return ""
    decimals = _decimals(found["change"], found["selection"], found["transmission"])
    parts = [round(found[name], decimals) for name in ("selection", "transmission")]
    whole, selection, transmission = (f"{value:+.{decimals}f}" for value in (sum(parts), *parts))
    return (
        f"mean fitness {whole} = selection {selection} + transmission {transmission}"
        f" ({found['offspring']} offspring)"
    )


def _decimals(*values: float) -> int:
    """So many that the smallest of them has three digits, and the largest no more than are known."""
    sizes = [math.floor(math.log10(abs(value))) for value in values if value]
    if not sizes:
        return 0
    return max(min(2 - min(sizes), _DIGITS - max(sizes)), 0)
