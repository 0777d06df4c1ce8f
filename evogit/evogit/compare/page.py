"""A comparison in writing: data for programs, a page in Markdown for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, cast

from evogit.compare.result import Result
from evogit.compare.setting import VERSION, Setting
from evogit.compare.table import LEVEL, Row, seeds_needed
from evogit.text import clean_line

NOTES: Final = (
    "Score: median over the seeds with its 95 % interval (order statistics, exact); of the individual with the"
    " best training score, judged on the hold-out where the problem has one.",
    "Difference: median of arm minus reference over pairs of equal seeds with its 95 % interval; positive is"
    " better for the arm. A12: chance that a run of the arm beats one of the reference.",
    "p: exact two-sided Wilcoxon signed-rank test (zeros by Pratt), adjusted by Holm over all"
    " comparisons of the table.",
    f"better, worse: p below {LEVEL:g}, an interval of the difference without zero, and intervals of the two"
    " medians that do not overlap. Everything else is not separated, which does not say that two are equal.",
    "To baseline: evaluations until the training score reaches the median of best-of-n at its end.",
)


def as_data(
    setting: Setting,
    against: tuple[str, str],
    rows: Sequence[Row],
    results: Sequence[Result],
    cells: int,
) -> dict[str, Any]:
    """Everything of a comparison as JSON data; what is infinite or unknown is null.

    ``against`` is the reference, and the one that the comparison began with.
    """
    return {
        "v": VERSION,
        "setting": asdict(setting),
        "against": against[0],
        "begun_against": against[1],
        "cells": cells,
        "finished": len(results),
        "rows": [finite(row_data(row)) for row in rows],
        "runs": [finite(_run(one)) for one in results],
    }


def row_data(row: Row) -> dict[str, Any]:
    """A row of the table as flat JSON data."""
    data = asdict(row)
    del data["final"], data["contrast"]
    data |= {"low": row.final.low, "score": row.final.middle, "high": row.final.high}
    found = row.contrast
    if found is None:
        return data
    return data | {
        "difference": found.difference.middle,
        "difference_low": found.difference.low,
        "difference_high": found.difference.high,
        "p": found.p,
        "p_holm": found.adjusted,
        "a12": found.superiority,
        "pairs": found.pairs,
    }


_SAME: Final = ("base_commit", "evaluator", "environment", "settings")


def _run(one: Result) -> dict[str, Any]:
    data = asdict(one)
    cell = data.pop("cell")
    evaluator = dict(zip(_SAME, data.pop("same"), strict=True))
    return {
        "problem": cell["problem"],
        "arm": cell["arm"]["name"],
        "seed": cell["seed"],
        **data,
    } | evaluator


def finite(data: object) -> object:
    """JSON data with null for every number that is not finite."""
    if isinstance(data, dict):
        return {key: finite(value) for key, value in cast("dict[str, object]", data).items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in cast("Sequence[object]", data)]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def chosen_afterwards(against: str, begun: str) -> str:
    """That a reference was chosen when results could be seen; empty if it was not."""
    if against == begun:
        return ""
    return (
        f"exploratory: this comparison began against {begun}, {against} was chosen afterwards; p is"
        " adjusted over all pairs of arms"
    )


def too_few(seeds: int, contrasts: int) -> str:
    """That so many seeds can not give a verdict, and how many can; empty if they can."""
    if not contrasts or seeds >= seeds_needed(contrasts):
        return ""
    return (
        f"with {seeds} seeds and {contrasts} comparisons nothing can be separated whatever the runs show:"
        f" use at least {seeds_needed(contrasts)} seeds, or fewer arms or problems"
    )


def markdown(
    data: dict[str, Any], rows: Sequence[Row], pictures: dict[str, str], notes: Sequence[str]
) -> str:
    """The page: a table and a picture per problem, and how to read them."""
    setting = data["setting"]
    budgets = ", ".join(f"{count} on {name}" for name, count in setting["evaluations"].items())
    parts = [
        f"# Comparison against {data['against']}",
        f"Evaluations per run: {budgets}; {setting['agents']} agents,"
        f" {len(setting['seeds'])} seeds; {data['finished']} of {data['cells']} runs are finished.",
    ]
    parts += [f"**{note}**" for note in notes]
    for problem in dict.fromkeys(row.problem for row in rows):
        chosen = [row for row in rows if row.problem == problem]
        parts += [f"## {clean_line(problem)}", heading(chosen), _markdown_table(chosen)]
        if problem in pictures:
            parts.append(f"![best score so far, {clean_line(problem)}]({pictures[problem]})")
    parts += ["## How to read it", "\n".join(f"- {line}" for line in NOTES)]
    return "\n\n".join(parts) + "\n"


def heading(rows: Sequence[Row]) -> str:
    """What holds for all rows of one problem."""
    first = rows[0]
    kind = _held_out(rows) if first.holdout else "no hold-out: best training score"
    sign = "higher is better" if first.maximize else "lower is better"
    late = sum(row.timed_out for row in rows)
    told = f"; {late} evaluations ended at a limit of time" if late else ""
    return f"{kind}, {sign}; base {number(first.base)}{told}{_brought(rows)}"


def _held_out(rows: Sequence[Row]) -> str:
    """How often a chosen individual was judged on the hold-out, where that was not once."""
    fewest = min(row.holdout_runs[0] for row in rows)
    most = max(row.holdout_runs[1] for row in rows)
    if most <= 1:
        return "hold-out"
    return (
        f"hold-out, mean of {most} runs"
        if fewest == most
        else f"hold-out, mean of {fewest} to {most} runs"
    )


def _brought(rows: Sequence[Row]) -> str:
    """Which arms ran with options that came with the problem."""
    found = [
        f"{clean_line(row.arm)} with {', '.join(f'{name} = {row.options[name]}' for name in row.brought)}"
        for row in rows
        if row.brought
    ]
    return (
        f"; the problem's own options: {'; '.join(found)}; no other arm uses them" if found else ""
    )


_TITLES: Final = (
    *("arm", "runs", "score", "95 % interval", "training", "difference", "its 95 % interval"),
    *("p (Holm)", "A12", "verdict", "to baseline", "to target", "merges better", "evaluations"),
    *("repeats", "seconds", "USD"),
)


def _markdown_table(rows: Sequence[Row]) -> str:
    lines = [list(_TITLES), ["---"] * len(_TITLES), *(cells(row) for row in rows)]
    if not any(row.repeats for row in rows):
        for line in lines:
            del line[_TITLES.index("repeats")]
    return "\n".join(map(_line, lines))


def _line(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"


def cells(row: Row) -> list[str]:
    """The row as it is shown, in the order of the titles."""
    found = row.contrast
    return [
        row.arm,
        f"{row.runs}" if not row.failed else f"{row.runs}, {row.failed} without a score",
        number(row.final.middle),
        between(row.final.low, row.final.high),
        number(row.training),
        number(found.difference.middle) if found else "",
        between(found.difference.low, found.difference.high) if found else "",
        f"{found.adjusted:.2g}" if found else "",
        f"{found.superiority:.2f}" if found else "",
        row.verdict,
        number(row.to_baseline),
        number(row.to_target) if row.reached else "",
        f"{row.merged_better} of {row.merges}" if row.merges else "",
        number(row.evaluations),
        number(row.repeats),
        number(row.seconds),
        f"{row.cost_usd:.2f}",
    ]


def number(value: float | None) -> str:
    """A number with five digits; a dash if there is none."""
    return f"{value:.5g}" if value is not None and math.isfinite(value) else "-"


def between(low: float, high: float) -> str:
    """An interval; a dash for a side that is unbounded, or for both."""
    bounded = math.isfinite(low) or math.isfinite(high)
    return f"{number(low)} to {number(high)}" if bounded else "-"
