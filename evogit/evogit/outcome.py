"""How an evaluation ended: a sum type. Nothing but ``Scored`` has a number, and it is finite."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never, cast

from evogit.errors import UserError
from evogit.text import clean, clean_line

MAX_MAGNITUDE: Final = 1e15
"""A larger number is no measurement: a float can no longer tell neighbouring integers apart soon
after, and candidates that overflow on purpose are common (see docs/architecture.md, judging)."""

_LONGEST: Final = 2000
"""Characters of a reason that are recorded."""
_SHOWN: Final = 200
"""Characters of one short line."""
_SIGNS: Final = (
    re.compile(
        r"(?:error|exception)(?: ?\[\w+\]| [a-z]+\d+)?:|undefined reference|panicked at",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:not ok|--- FAIL|FAIL(?:ED)?)\b"),
)
"""Where the output of a compiler or a test runner says what is wrong; the surer sign comes first."""

_NO_METRICS: Final[Mapping[str, float]] = {}


@dataclass(frozen=True, slots=True)
class Scored:
    """Every stage ran and every gate passed. ``score`` is in the evaluator's own unit."""

    score: float
    metrics: Mapping[str, float] = field(default_factory=lambda: _NO_METRICS)


@dataclass(frozen=True, slots=True)
class Failed:
    """A gate said no, or the scorer found the answer invalid. ``gate`` names which."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A stage did not end within ``seconds`` of wall-clock time."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Crashed:
    """A stage died: exit status, signal, a resource limit, or an answer nobody can read."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The tree was not run at all: protected files, forbidden entries, size limits."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Held for a human: implausible or suspicious. It has no score until it is released.

    ``held`` is what was measured, and what a release gives it; ``None`` if it was not run.
    """

    reason: str
    held: Scored | None = None


Outcome = Scored | Failed | TimedOut | Crashed | Rejected | Quarantined


def finite(value: object, what: str = "score") -> float:
    """``value`` as a float if it is a real, finite number of sensible size.

    Raises:
        UserError: a bool, a string, anything not int or float, NaN, infinity, or beyond 1e15.
    """
    if type(value) is not int and type(value) is not float:
        raise UserError(f"{what} is {type(value).__name__}, not a number")
    if abs(value) > MAX_MAGNITUDE or not math.isfinite(value):
        raise UserError(f"{what} is not a finite number of at most 1e15 in magnitude")
    return float(value)


def describe(outcome: Outcome) -> str:
    """One short line for people, such as ``scored 0.123`` or ``timed out in run after 5 s``.

    Of a long reason it holds the part that says most; ``in_full`` has all of it.
    """
    match outcome:
        case Scored(score):
            return f"scored {score:.6g}"
        case Failed(gate, reason):
            return _short(f"failed {gate}", reason)
        case TimedOut(stage, seconds):
            return f"timed out in {stage} after {seconds:g} s"
        case Crashed(stage, reason):
            return _short(f"crashed in {stage}", reason)
        case Rejected(reason):
            return _short("rejected", reason)
        case Quarantined(reason):
            return _short("quarantined", reason)
        case _:
            assert_never(outcome)


def in_full(outcome: Outcome) -> str:
    """The reason as clean lines, if ``describe`` leaves some of it out; else empty."""
    if isinstance(outcome, Scored | TimedOut):
        return ""
    reason = clean(outcome.reason, _LONGEST).strip()
    return "" if describe(outcome).endswith(clean_line(reason, _LONGEST)) else reason


def _short(what: str, reason: str) -> str:
    """``what: reason`` as one line that fits, of printed text the part that says most."""
    whole = clean_line(f"{what}: {reason}", _LONGEST)
    if len(whole) <= _SHOWN:
        return whole
    status, colon, printed = reason.partition(": ")
    if not colon or "\n" in status or "\n" not in printed:
        return clean_line(whole, _SHOWN)
    head = clean_line(f"{what}: {status}", _SHOWN // 2)
    return f"{head}: {_telling(printed, _SHOWN - len(head) - 2)}"


def _telling(printed: str, room: int) -> str:
    """From the first line on that looks like an error; without one the end."""
    lines = [line.strip() for line in printed.split("\n")]
    for sign in _SIGNS:
        found = next((i for i, line in enumerate(lines) if sign.search(line)), None)
        if found is not None:
            return clean_line(" ".join(lines[found:]), room)
    end = clean_line(" ".join(lines), _LONGEST)
    return end if len(end) <= room else f"…{end[1 - room :]}"


def to_json(outcome: Outcome) -> dict[str, object]:
    """The outcome as plain JSON data; ``from_json`` is its inverse."""
    match outcome:
        case Scored(score, metrics):
            return {"status": "scored", "score": score, "metrics": dict(metrics)}
        case Failed(gate, reason):
            return {"status": "failed", "gate": gate, "reason": clean(reason, _LONGEST)}
        case TimedOut(stage, seconds):
            return {"status": "timed-out", "stage": stage, "seconds": seconds}
        case Crashed(stage, reason):
            return {"status": "crashed", "stage": stage, "reason": clean(reason, _LONGEST)}
        case Rejected(reason):
            return {"status": "rejected", "reason": clean(reason, _LONGEST)}
        case Quarantined(reason, held):
            found: dict[str, object] = {"status": "quarantined", "reason": clean(reason, _LONGEST)}
            return found if held is None else found | {"held": to_json(held)}
        case _:
            assert_never(outcome)


def from_json(data: Mapping[str, object]) -> Outcome:
    """An outcome read back from a journal.

    Raises:
        UserError: an unknown status, a missing field, or a score that is not finite.
    """
    status = data.get("status")
    match status:
        case "scored":
            return _scored(data)
        case "failed":
            return Failed(_text(data, "gate"), _text(data, "reason"))
        case "timed-out":
            return TimedOut(_text(data, "stage"), finite(data.get("seconds"), "seconds"))
        case "crashed":
            return Crashed(_text(data, "stage"), _text(data, "reason"))
        case "rejected":
            return Rejected(_text(data, "reason"))
        case "quarantined":
            held = data.get("held")
            inner = cast("dict[str, object]", held) if isinstance(held, dict) else None
            return Quarantined(_text(data, "reason"), None if inner is None else _scored(inner))
        case _:
            raise UserError(f"unknown outcome status {str(status)[:40]!r}")


def _scored(data: Mapping[str, object]) -> Scored:
    raw = data.get("metrics", {})
    pairs = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    metrics = {clean_line(k, 60): finite(v, k) for k, v in pairs.items()}
    return Scored(finite(data.get("score")), metrics)


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key, "")
    return clean(value, _LONGEST) if isinstance(value, str) else ""
