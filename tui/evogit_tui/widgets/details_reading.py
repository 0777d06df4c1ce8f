"""Everything known about one individual, read from git in a background thread."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evogit.cli.individuals import number, verdict
from evogit.cli.stamps import stamp
from evogit.errors import UserError
from evogit.git.repository import Commit
from evogit.ids import CommitId
from evogit.outcome import Quarantined, Scored, describe, in_full
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.views import AttemptRow
from evogit.records import Evaluation
from evogit.swarm.individuals import Provenance, parse, read_provenance
from evogit.swarm.journal import artefacts
from evogit.text import clean, clean_line
from evogit_tui.model import Facts, Model
from evogit_tui.states import StateName, state_of
from evogit_tui.widgets.diff_reading import Change, Reading, counted, list_changes

_SHORT: Final = 8
_KIN: Final = 8
"""Children named; further ones are counted."""
_FILES: Final = 20
_BODY_LINES: Final = 60
_PREVIEWED: Final = ("stderr", "result")
_PREVIEW_LINES: Final = 6
ARTEFACTS: Final = ("prompt", "response", "stdout", "stderr", "result")
"""Those an agent usually leaves, in the order in which they came to be."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some text with the colour role of the theme that it has; text is clean."""

    text: str
    role: str = ""


Line = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading; ``name`` stays the same from individual to individual."""

    name: str
    lines: tuple[Line, ...]
    note: str = ""
    """Said in the heading, also when it is folded."""


@dataclass(frozen=True, slots=True)
class About:
    """One individual. ``artefacts`` are its attempt's, for the viewer."""

    commit: CommitId
    version: int
    title: str
    state: StateName
    sections: tuple[Section, ...]
    artefacts: Mapping[str, bytes]


def read_about(model: Model, facts: Facts, commit: CommitId) -> About:
    """Read what there is to know.

    Raises:
        EvoGitError: git can not read it.
    """
    reader = _Reader(model, facts, commit)
    return About(
        commit=commit,
        version=facts.version,
        title=reader.phylogeny.subject(reader.row),
        state=state_of(reader.phylogeny, facts, reader.row),
        sections=tuple(section for section in reader.sections() if section.lines),
        artefacts=reader.artefacts,
    )


def attempt_of(phylogeny: Phylogeny, row: int) -> AttemptRow | None:
    """The attempt that made an individual; steps of an agent rise, so it is found by halving."""
    commit = phylogeny.commit(row)
    log = phylogeny.attempts(phylogeny.agent(row))
    step = phylogeny.step(row)
    at = bisect_left(log, step, key=lambda attempt: attempt.step)
    for place in range(at, min(at + 8, len(log))):
        if log[place].offspring == commit:
            return log[place]
    return None


class _Reader:
    def __init__(self, model: Model, facts: Facts, commit: CommitId) -> None:
        self.phylogeny = model.phylogeny
        self.row = self.phylogeny.index(commit)
        self._facts = facts
        self._git = model.session.swarm.git
        self._commit: Commit = self._git.commit(commit)
        self._made: Provenance = read_provenance(self._commit)
        self._attempt = attempt_of(self.phylogeny, self.row)
        self.artefacts = _ordered(self._read_artefacts())

    def sections(self) -> list[Section]:
        evaluation = self.phylogeny.evaluation(
            self.phylogeny.tree(self.row), self._facts.settings.evaluate.seed
        )
        changes = self._changes()
        return [
            Section("judgement", self._judgement(evaluation)),
            Section("metrics", self._metrics()),
            Section("findings", _findings(evaluation)),
            Section("message", self._message()),
            Section("changes", _change_lines(changes), note=_change_note(changes)),
            Section("origin", self._origin()),
            Section("kin", self._kin()),
            Section("feedback", self._feedback()),
            Section("artefacts", self._artefact_lines(), note="v shows them"),
        ]

    def _read_artefacts(self) -> Mapping[str, bytes]:
        if self._attempt is None:
            return {}
        try:
            return artefacts(self._git, self._attempt.entry)
        except UserError:  # larger than ours ever are: another host wrote them
            return {}

    # ------------------------------------------------------------------ judgement

    def _judgement(self, evaluation: Evaluation | None) -> tuple[Line, ...]:
        phylogeny, row = self.phylogeny, self.row
        outcome = phylogeny.outcome(row)
        if outcome is None:
            return ((Part("not judged yet"),),)
        lines: list[Line] = []
        if isinstance(outcome, Scored):
            lines.append((Part("score ", "dim"), Part(number(outcome.score), "strong")))
            lines += [self._against(parent) for parent in phylogeny.parents(row)[:2]]
        else:
            lines.append((Part(clean(describe(outcome), 1000), "error"),))
            lines += [(Part(line, "dim"),) for line in in_full(outcome).splitlines()]
        if isinstance(outcome, Quarantined) and outcome.held is not None:
            lines.append((Part(f"measured {number(outcome.held.score)}, held for a human"),))
        gates = ", ".join(gate.name for gate in self._facts.settings.evaluate.gates)
        if gates and isinstance(outcome, Scored):
            lines.append(_pair("gates passed", gates))
        holdout = phylogeny.evaluation(
            phylogeny.tree(row), self._facts.settings.evaluate.seed, "holdout"
        )
        if holdout is not None:
            lines.append(_pair("hold-out", verdict(holdout.outcome)))
        if evaluation is not None:
            place = f" in {clean_line(evaluation.sandbox)}" if evaluation.sandbox else ""
            lines.append(
                _pair("judged", f"{stamp(evaluation.time)}, {evaluation.seconds:.3g} s{place}")
            )
        return tuple(lines)

    def _against(self, parent: int) -> Line:
        phylogeny = self.phylogeny
        other, mine = phylogeny.score(parent), phylogeny.score(self.row)
        name = phylogeny.commit(parent)[:_SHORT]
        if other is None or mine is None:
            return (Part(f"parent {name} has no score", "dim"),)
        gain = (mine - other) * (1 if self._facts.maximize else -1)
        word = "better" if gain > 0 else "worse" if gain < 0 else "the same"
        role = {"better": "success", "worse": "error"}.get(word, "dim")
        return (
            Part("parent ", "dim"),
            Part(f"{number(other)}  "),
            Part(f"{mine - other:+.3g} {word}" if gain else word, role),
        )

    def _metrics(self) -> tuple[Line, ...]:
        outcome = self.phylogeny.outcome(self.row)
        if isinstance(outcome, Quarantined) and outcome.held is not None:
            outcome = outcome.held
        if not isinstance(outcome, Scored):
            return ()
        return tuple(_pair(name, number(value)) for name, value in outcome.metrics.items())

    # ------------------------------------------------------------------ how it came to be

    def _message(self) -> tuple[Line, ...]:
        body = self._commit.message.partition("\n")[2]
        if parse(self._commit.message):  # its last paragraph is shown as fields
            body = body.rstrip().rpartition("\n\n")[0]
        lines = clean(body).strip().split("\n") if body.strip() else []
        cut = len(lines) - _BODY_LINES
        shown = [(Part(line),) for line in lines[:_BODY_LINES]]
        more = [(Part(f"... {cut} more lines (v shows them)", "dim"),)] if cut > 0 else []
        return (*shown, *more)

    def _origin(self) -> tuple[Line, ...]:
        made, attempt = self._made, self._attempt
        spend = attempt is not None and (attempt.tokens or attempt.cost_usd)
        pairs = [
            ("agent", made.agent),
            ("operator", made.operator),
            ("model", made.model),
            ("step", str(made.step or "")),
            ("generation", str(self.phylogeny.generation(self.row))),
            ("seed", "" if made.seed is None else str(made.seed)),
            ("tokens", f"{attempt.tokens:,}" if attempt is not None and spend else ""),
            ("cost", f"${attempt.cost_usd:.4f}" if attempt is not None and spend else ""),
            ("proposed", stamp(attempt.time) if attempt is not None else ""),
            ("took", f"{attempt.seconds:.3g} s" if attempt is not None else ""),
            ("inspired by", " ".join(i[:_SHORT] for i in made.inspirations[:_KIN])),
            ("merge base", (made.merge_base or "")[:_SHORT]),
            ("spec", made.spec[:_SHORT]),
            ("commit", self._commit.id),
            ("names", ", ".join(self._names())),
        ]
        return tuple(_pair(name, value) for name, value in pairs if value)

    def _names(self) -> list[str]:
        facts, row = self._facts, self.row
        said = [
            *facts.names.get(row, ()),
            *(["base"] if row == 0 else []),
            *(["pinned"] if row in facts.pinned else []),
            *(["promoted"] if row in facts.promoted else []),
            *(["pruned"] if self.phylogeny.pruned(row) else []),
        ]
        return [clean_line(name, 60) for name in said]

    def _kin(self) -> tuple[Line, ...]:
        phylogeny, row = self.phylogeny, self.row
        lines = [self._relative("parent", parent) for parent in phylogeny.parents(row)[:_KIN]]
        children = phylogeny.children(row)
        lines += [self._relative("child", child) for child in children[:_KIN]]
        if len(children) > _KIN:
            lines.append((Part(f"... {len(children) - _KIN:,} more children", "dim"),))
        twin = phylogeny.by_tree(phylogeny.tree(row))
        if twin is not None and twin != row:
            lines.append(self._relative("same files", twin))
        return tuple(lines)

    def _relative(self, what: str, row: int) -> Line:
        phylogeny = self.phylogeny
        score = number(phylogeny.score(row)) or phylogeny.standing(row)
        return (
            Part(f"{what} ", "dim"),
            Part(f"{phylogeny.commit(row)[:_SHORT]} ", "primary"),
            Part(f"{score} "),
            Part(f"{clean_line(phylogeny.agent(row), 40)} {phylogeny.subject(row)}", "dim"),
        )

    def _feedback(self) -> tuple[Line, ...]:
        said = [item for item in self._facts.steering.feedback if self._commit.id in item.commits]
        lines = [line for item in said[-_KIN:] for line in clean(item.text, 2000).split("\n")]
        return tuple((Part(line),) for line in lines[:_BODY_LINES])

    def _changes(self) -> tuple[list[Change], int]:
        parents = self.phylogeny.parents(self.row)
        if not parents:
            return [], 0
        old, new = self.phylogeny.tree(parents[0]), self.phylogeny.tree(self.row)
        found, total = list_changes(self._git, old, new)
        return [counted(self._git, change, Reading()) for change in found[:_FILES]], total

    def _artefact_lines(self) -> tuple[Line, ...]:
        lines: list[Line] = []
        for name, data in self.artefacts.items():
            lines.append((Part(f"{clean_line(name, 60)} "), Part(f"{len(data):,} bytes", "dim")))
            if name in _PREVIEWED and data:
                text = clean(data[-4000:].decode("utf-8", "replace")).rstrip().split("\n")
                lines += [(Part(f"  {line}", "dim"),) for line in text[-_PREVIEW_LINES:]]
        return tuple(lines)


def _ordered(found: Mapping[str, bytes]) -> dict[str, bytes]:
    known = [name for name in ARTEFACTS if name in found]
    return {name: found[name] for name in (*known, *sorted(found.keys() - set(known)))}


def _pair(name: str, value: str) -> Line:
    return (Part(f"{clean_line(name, 60)} ", "dim"), Part(clean_line(value, 400)))


def _findings(evaluation: Evaluation | None) -> tuple[Line, ...]:
    if evaluation is None:
        return ()
    lines: list[Line] = []
    for finding in evaluation.findings:
        role = "error" if finding.severity == "hold" else "warning"
        lines.append(
            (
                Part(f"{finding.severity} {clean_line(finding.rule, 60)} ", role),
                Part(f"{clean_line(finding.where)} ", "primary"),
                Part(clean_line(finding.evidence)),
            )
        )
    return tuple(lines)


def _change_lines(changes: tuple[list[Change], int]) -> tuple[Line, ...]:
    found, total = changes
    lines: list[Line] = []
    for change in found:
        counts = f"+{change.added} -{change.removed} " if change.added is not None else ""
        remarks = clean_line(", ".join(change.remarks), 120)
        lines.append(
            (
                Part(f"{change.status} ", "primary"),
                Part(f"{change.path} "),
                Part(counts, "strong"),
                Part(remarks, "dim"),
            )
        )
    if total > len(found):
        lines.append((Part(f"... {total - len(found):,} more files", "dim"),))
    return tuple(lines)


def _change_note(changes: tuple[list[Change], int]) -> str:
    found, total = changes
    added, removed = (sum(c.added or 0 for c in found), sum(c.removed or 0 for c in found))
    files = "1 file" if total == 1 else f"{total:,} files"
    return f"{files} +{added:,} -{removed:,}" if total else ""
