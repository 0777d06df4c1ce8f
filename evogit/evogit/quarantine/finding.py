"""A finding: one piece of evidence against an individual, and the rules that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evogit.text import clean_line

Severity = Literal["hold", "note"]

RULES: Final[Mapping[str, Severity]] = {
    "protected-file": "hold",
    "config-changed": "hold",
    "test-changed": "hold",
    "test-removed": "hold",
    "assertion-weakened": "hold",
    "test-skipped": "hold",
    "test-hook": "hold",
    "detects-evaluator": "hold",
    "answer-literals": "hold",
    "answer-table": "hold",
    "patches-module": "hold",
    "reaches-interpreter": "hold",
    "walks-frames": "hold",
    "native-access": "hold",
    "hidden-code": "hold",
    "forges-comparison": "hold",
    "ends-process": "hold",
    "jump": "hold",
    "unreadable": "note",
    "literal-data": "note",
    "process": "note",
    "seeds-globally": "note",
}
"""Every rule and what it does unless ``[quarantine]`` says otherwise; docs/quarantine.md explains."""

MAX_FINDINGS: Final = 40
_MAX_TEXT: Final = 160
_MAX_ENCODED: Final = 16_000
"""Of all findings together, so that a record stays below ``records.MAX_RECORD_BYTES``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found where. ``hold`` keeps an individual out of the population, ``note`` does not.

    Args:
        rule: one of ``RULES``; an unknown one of a newer version is shown as it is.
        path: file, or empty if it is about the whole.
        line: in the individual's file, from 1; 0 if there is none, as for something removed.
        evidence: one clean line.
        severity: as the rule or the settings say.
    """

    rule: str
    path: str = ""
    line: int = 0
    evidence: str = ""
    severity: Severity = "hold"

    @property
    def where(self) -> str:
        """``path:line`` as far as there is one."""
        return f"{self.path}:{self.line}" if self.line else self.path


def make(rule: str, path: str, line: int, evidence: str) -> Finding:
    """A finding with its rule's own severity; texts are cleaned and cut."""
    return Finding(
        rule, clean_line(path, _MAX_TEXT), line, clean_line(evidence, _MAX_TEXT), RULES[rule]
    )


def bounded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """As many as a record can hold, each once, those that hold first, else in the order given."""
    kept: list[Finding] = []
    room = _MAX_ENCODED
    for finding in sorted(dict.fromkeys(findings), key=lambda f: f.severity != "hold"):
        room -= 80 + len((finding.path + finding.evidence).encode("unicode_escape")) * 2
        if len(kept) == MAX_FINDINGS or room < 0:
            break
        kept.append(finding)
    return tuple(kept)


def holds(findings: Iterable[Finding]) -> bool:
    """Whether any of them holds an individual."""
    return any(finding.severity == "hold" for finding in findings)


def summary(findings: Iterable[Finding]) -> str:
    """One line: the rules that hold, with the place and evidence of the first."""
    held = [finding for finding in findings if finding.severity == "hold"]
    if not held:
        return ""
    first = held[0]
    rules = ", ".join(dict.fromkeys(finding.rule for finding in held))
    return clean_line(f"{rules} ({' '.join((first.where, first.evidence)).strip()})", 300)


def to_json(finding: Finding) -> dict[str, object]:
    """The finding as plain JSON data; ``from_json`` is its inverse."""
    return {
        "rule": finding.rule,
        "path": finding.path,
        "line": finding.line,
        "evidence": finding.evidence,
        "severity": finding.severity,
    }


def from_json(data: Mapping[str, object]) -> Finding:
    """A finding from another host's journal, cleaned and bounded; what is odd becomes empty."""
    line = data.get("line")
    return Finding(
        rule=_text(data, "rule", 40),
        path=_text(data, "path", _MAX_TEXT),
        line=line if type(line) is int and 0 <= line < 2**31 else 0,
        evidence=_text(data, "evidence", _MAX_TEXT),
        severity="note" if data.get("severity") == "note" else "hold",
    )


def _text(data: Mapping[str, object], key: str, limit: int) -> str:
    value = data.get(key)
    return clean_line(value, limit) if isinstance(value, str) else ""
