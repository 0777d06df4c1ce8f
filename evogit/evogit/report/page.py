"""A report as one HTML file that loads nothing and whose scripts can be only ours.

Untrusted text meets HTML in two places: here, escaped, and in the JSON that the script reads, where
``<`` is written as an escape so that no text can end the element. A content security policy
names our script and style by hash and forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from evogit.cli.patch import colored
from evogit.git.patch import FileChange
from evogit.ids import CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.report.facts import Program, Report, Step, outcome_word
from evogit.text import clean, clean_line

_CLASSES: Final = {"cyan": "hunk", "bold": "file", "green": "added", "red": "removed"}


def render(report: Report, phylogeny: Phylogeny) -> str:
    """The page.

    Args:
        report: what it tells.
        phylogeny: of the same swarm, for the individuals of ``report.rows``.
    """
    style, script = _asset("report.css"), _asset("report.js")
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_text(report.title)} - EvoGit report</title>",
            f"<style>{style}</style>\n</head>\n<body>",
            *_head(report),
            *_pictures(),
            *_programs(report),
            *_lineage(report),
            *_change(report),
            *_reading(report, phylogeny),
            f'<script type="application/json" id="data">{_data(report, phylogeny)}</script>',
            f"<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def _asset(name: str) -> str:
    return files("evogit.report").joinpath("assets", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    return escape(clean(text), quote=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


# ---------------------------------------------------------------------- what people read


def _head(report: Report) -> Iterable[str]:
    yield f"<header>\n<h1>{_text(report.title)}</h1>"
    if report.goal:
        yield from (f"<p>{_text(part)}</p>" for part in report.goal.split("\n\n"))
    best = report.best
    tiles = [
        ("best score" if report.maximize else "best score (less is better)", best and best.score),
        ("base", report.base.score),
    ]
    figures = [(name, _number(value)) for name, value in tiles]
    figures += [
        ("individuals", f"{report.individuals:,}"),
        ("agents", f"{report.agents}"),
        ("judging", _duration(report.spent.seconds)),
        ("tokens", f"{report.spent.tokens:,}"),
        ("money", f"${report.spent.cost_usd:.2f}"),
    ]
    tiles_html = (f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    yield f"<dl>{''.join(tiles_html)}</dl>\n</header>"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _pictures() -> Iterable[str]:
    yield """<section>
<h2>Phylogeny</h2>
<noscript><p>The pictures need scripts; the tables below do not.</p></noscript>
<form id="controls">
<label>height <select id="axis"><option value="score">score</option><option value="agent">agent</option><option value="generation">generation</option></select></label>
<label>colour <select id="colour"><option value="agent">agent</option><option value="operator">operator</option><option value="outcome">outcome</option></select></label>
<label><input type="checkbox" id="kin"> only the ancestors of the chosen one</label>
<label>find <input type="search" id="find" placeholder="id, agent, subject"></label>
<button type="button" id="fit">whole picture</button>
</form>
<div id="tree"><canvas id="canvas" tabindex="0" aria-label="All individuals in order of birth, with lines to their parents"></canvas><aside id="chosen"></aside></div>
<p class="hint">From left to right in order of birth. Wheel zooms, dragging moves, a click or the arrow keys choose; the address then names the individual.</p>
</section>
<section class="pair">
<figure><figcaption>Best so far</figcaption><svg id="fitness" role="img" aria-label="Best score so far over individuals"></svg></figure>
<figure><figcaption>Spent</figcaption><svg id="cost" role="img" aria-label="Time, tokens and money over offspring"></svg></figure>
</section>"""


def _programs(report: Report) -> Iterable[str]:
    yield '<section>\n<h2>Against the baselines</h2>\n<div class="wide"><table>'
    yield _heading("program", "individual", "score", "held out", "evaluations", "judging", "money")
    for one in report.programs:
        yield _program(one)
    yield "</table></div>"
    if report.doubt:
        yield f'<p class="hint"><strong>The best: {escape(report.doubt)}.</strong></p>'
    if len(report.programs) < 3:
        yield '<p class="hint">No other run was given to compare with (--against).</p>'
    yield '<p class="hint">One run each: a difference between two rows is an observation, not a proof. "-" was not measured.</p>\n</section>'


def _program(one: Program) -> str:
    cells = [
        _text(one.name),
        f"<code>{one.commit[:12]}</code>",
        _number(one.score),
        _number(one.held_out),
        f"{one.evaluations:,}",
        _duration(one.seconds),
        f"${one.cost_usd:.2f}",
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _heading(*names: str) -> str:
    return f"<tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>"


def _lineage(report: Report) -> Iterable[str]:
    yield f"<section>\n<h2>Lineage of the best ({len(report.steps)} steps)</h2>"
    for step in report.steps:
        yield _step(step)
    yield "</section>"


def _step(step: Step) -> str:
    gain = "" if step.gain is None else f"{step.gain:+.3g}"
    better = " better" if (step.gain or 0) > 0 else ""
    merge = " merge" if step.merge else ""
    head = (
        f"<code>{step.commit[:12]}</code> <b>{_number(step.score)}</b> "
        f'<span class="gain{better}">{gain}</span> {_text(step.agent)} {_text(step.operator)}{merge}: '
        f"{_text(step.subject)}"
    )
    return (
        f'<details id="step-{step.row}"><summary>{head}</summary>{_patches(step.files)}</details>'
    )


def _change(report: Report) -> Iterable[str]:
    yield "<section>\n<h2>The whole change, from base to best</h2>"
    yield _patches(report.change) if report.change else "<p>None.</p>"
    yield "</section>"


def _patches(found: Sequence[FileChange]) -> str:
    return "".join(
        f'<h3>{_text(file.path)} <span class="added">+{file.added}</span> '
        f'<span class="removed">-{file.removed}</span></h3>\n<pre>{_lines(file)}</pre>'
        for file in found
    )


def _lines(file: FileChange) -> str:
    if file.binary:
        return "a binary file"
    lines = (
        f'<span class="{_CLASSES.get(style, "same")}">{_text(line)}</span>'
        for line, style in colored(file.patch)
    )
    return "\n".join(lines)


def _reading(report: Report, phylogeny: Phylogeny) -> Iterable[str]:
    direction = "more is better" if report.maximize else "less is better"
    shown = len(report.rows)
    yield "<footer><p>"
    if shown < len(phylogeny):
        yield f"Drawn are {shown:,} of {len(phylogeny):,} individuals: the newest and the ancestors of the best. "
    yield f"Scores are in the evaluator's own unit; {direction}. Made by EvoGit from the swarm repository alone.</p></footer>"


# ---------------------------------------------------------------------- what the script reads


def _data(report: Report, phylogeny: Phylogeny) -> str:
    place = {row: number for number, row in enumerate(report.rows)}
    agents, operators, outcomes = _Words(), _Words(), _Words()
    individuals = [
        [
            phylogeny.commit(row)[:12],
            [place[p] for p in phylogeny.parents(row) if p in place],
            agents.number(phylogeny.agent(row)),
            operators.number(phylogeny.operator(row)),
            phylogeny.score(row),
            outcomes.number(outcome_word(phylogeny, row).partition(":")[0]),
            phylogeny.generation(row),
            clean_line(phylogeny.subject(row), 120),
            int(phylogeny.pruned(row)),
        ]
        for row in report.rows
    ]
    best = [] if report.best is None else [place[phylogeny.index(CommitId(report.best.commit))]]
    data = {
        "maximize": report.maximize,
        "base": report.base.score,
        "agents": agents.words,
        "operators": operators.words,
        "outcomes": outcomes.words,
        "individuals": individuals,
        "best": best,
        "spending": [[p.offspring, p.seconds, p.tokens, p.cost_usd] for p in report.spending],
    }
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


class _Words:
    """Words and their numbers, in order of appearance."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        """The number of a word."""
        clean_word = clean_line(word, 60)
        if clean_word not in self._numbers:
            self._numbers[clean_word] = len(self.words)
            self.words.append(clean_word)
        return self._numbers[clean_word]
