"""What ``evogit compare`` leaves behind and prints: results.json, table.md, curves, a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evogit.cli.export import replace_file
from evogit.cli.output import Column, Output, dump_json
from evogit.compare.page import between, heading, markdown, number, row_data
from evogit.compare.plot import curves

if TYPE_CHECKING:
    from evogit.compare.result import Result
    from evogit.compare.table import Row


def _number(value: object) -> str:
    return number(value) if isinstance(value, float | int) else ""


def _reached(value: object) -> str:
    return _number(value) or "-"


def _probability(value: object) -> str:
    return f"{value:.2g}" if isinstance(value, float) else ""


_COLUMNS: Final = (
    Column("arm", "arm", style="cyan"),
    Column("runs", "runs", right=True),
    Column("score", "score", right=True, style="bold", show=_number),
    Column("95 % interval", "interval", right=True, flexible=True),
    Column("difference", "difference", right=True, show=_number),
    Column("95 % interval", "difference_interval", right=True, flexible=True),
    Column("p (Holm)", "p_holm", right=True, show=_probability),
    Column("A12", "a12", right=True, show=_probability),
    Column("verdict", "verdict", style="bold"),
    Column("to baseline", "to_baseline", right=True, show=_reached),
    Column("to target", "to_target", right=True, show=_reached),
    Column("merges better", "merged", right=True),
    Column("evaluations", "evaluations", right=True, show=_number),
    Column("repeats", "repeats", right=True, show=_number),
    Column("seconds", "seconds", right=True, show=_number),
    Column("USD", "cost_usd", right=True, show=_number),
)
_OPTIONAL: Final = frozenset({"to_target", "merged", "repeats", "cost_usd"})
"""Left out where no arm of a problem has any."""


def write(
    home: Path,
    data: dict[str, Any],
    rows: Sequence[Row],
    results: Sequence[Result],
    notes: Sequence[str],
) -> None:
    """Write everything a comparison leaves in its folder.

    Raises:
        PreconditionError: a file can not be written.
    """
    pictures: dict[str, str] = {}
    for problem in dict.fromkeys(one.cell.problem for one in results):
        pictures[problem] = f"{problem}.svg"
        drawn = curves([one for one in results if one.cell.problem == problem])
        _replace(home / pictures[problem], drawn)
    _replace(home / "results.json", dump_json(data) + "\n")
    _replace(home / "table.md", markdown(data, rows, pictures, notes))


def _replace(path: Path, text: str) -> None:
    replace_file(path, lambda file: file.write(text))


def show(
    output: Output, data: dict[str, Any], rows: Sequence[Row], failed: list[dict[str, object]]
) -> None:
    """Print a table per problem; with ``--json`` the results, and what failed instead of the runs."""
    told = {key: value for key, value in data.items() if key != "runs"} | {"failed": failed}
    output.result(told, lambda: _tables(output, rows))


def _tables(output: Output, rows: Sequence[Row]) -> None:
    for problem in dict.fromkeys(row.problem for row in rows):
        chosen = [row for row in rows if row.problem == problem]
        output.line(f"{problem}: {heading(chosen)}")
        shown = [_shown(row) for row in chosen]
        columns = [
            c for c in _COLUMNS if c.key not in _OPTIONAL or any(row[c.key] for row in shown)
        ]
        output.table(shown, columns)
        output.line()


def _shown(row: Row) -> dict[str, Any]:
    found = row.contrast
    return row_data(row) | {
        "interval": between(row.final.low, row.final.high),
        "difference_interval": between(found.difference.low, found.difference.high)
        if found
        else "",
        "merged": f"{row.merged_better} of {row.merges}" if row.merges else "",
    }
