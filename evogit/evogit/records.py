"""Journal records: what workers and humans append, one JSON object per journal commit.

``{"v": 1, "kind": "attempt" | "evaluation" | "decision" | "lease", ...}``. Records are data from
other hosts as well as our own, so reading them is strict and bounded; a record that does not
parse is skipped by readers and reported by ``evogit doctor``, never guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar, cast

from evogit.errors import UserError
from evogit.ids import CommitId, TreeId, is_name, is_object_id
from evogit.outcome import Outcome, finite, from_json, to_json
from evogit.quarantine import finding as findings
from evogit.quarantine.finding import MAX_FINDINGS, Finding
from evogit.text import clean, clean_line

VERSION: Final = 1
NEWER: Final = "journal record was written by a newer EvoGit"
"""How the reason begins why such a record can not be read."""
MAX_RECORD_BYTES: Final = 64 * 1024
MAX_STEP: Final = 10**9
"""Offspring are dated by their step, and git can not read back a date that is far beyond this."""


@dataclass(frozen=True, slots=True)
class Spend:
    """What one attempt really cost. Zero for agents without a model."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An operator ran: ``offspring`` exists, or ``reason`` says why there is none.

    ``duplicate_of`` is set when another has the offspring's tree or says the same: nothing is evaluated.
    """

    agent: str
    operator: str
    step: int
    parents: tuple[CommitId, ...]
    inspirations: tuple[CommitId, ...] = ()
    offspring: CommitId | None = None
    reason: str = ""
    duplicate_of: CommitId | None = None
    model: str = ""
    spend: Spend = Spend()
    seconds: float = 0.0
    time: float = 0.0
    kind: Literal["attempt"] = "attempt"


TRIAL: Final = "trial"
"""The purpose of judging a part of a change."""


HELD_OUT_AGAIN: Final = "holdout-repeat"
"""The purpose of judging on held-out data once more, by the same seed; ``seed`` tells the runs apart."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a tree was judged: a fact about (tree, evaluator, environment, seed), cached by that key.

    ``purpose`` is ``search`` for selection, ``holdout`` for held-out data, ``repeat`` for a
    re-run of a would-be record or of the base (A/A), which ``seed`` tells apart, ``trial`` for a part of
    a change, which counts for no individual, ``holdout-repeat`` for a further run on held-out data.
    ``findings`` is the evidence for or against holding it; a record without any does not mention them.
    """

    commit: CommitId
    tree: TreeId
    evaluator: TreeId
    environment: str
    seed: int
    outcome: Outcome
    agent: str = ""
    purpose: str = "search"
    sandbox: str = ""
    seconds: float = 0.0
    time: float = 0.0
    findings: tuple[Finding, ...] = ()
    kind: Literal["evaluation"] = "evaluation"

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """The cache key of tenet 5; hold-out and search results never mix."""
        return (self.tree, self.evaluator, self.environment, self.seed, self.purpose)


@dataclass(frozen=True, slots=True)
class Move:
    """One ref a decision moved; ``None`` stands for "did not exist"."""

    ref: str
    old: CommitId | None
    new: CommitId | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Something a human decided, with the old and new id of every ref it moved.

    ``verb`` is one of promote, prune, restore, pin, unpin, tag, untag, seed, merge, goal, feedback,
    pause, resume, stop, agents, undo, redo, release. ``selects`` are the individuals it is about,
    ``target`` a branch, agent or tag name, ``text`` free text, ``undoes`` the journal entry undone
    (or redone).
    """

    verb: str
    by: str
    selects: tuple[CommitId, ...] = ()
    target: str = ""
    text: str = ""
    moves: tuple[Move, ...] = ()
    undoes: CommitId | None = None
    time: float = 0.0
    kind: Literal["decision"] = "decision"


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker says what it holds: ``purpose`` is worker-start, worker-stop or reserve.

    A ``reserve`` precedes a step that may spend; the ``attempt`` of the same agent and step
    settles it.
    """

    purpose: str
    agent: str = ""
    step: int = 0
    spend: Spend = Spend()
    detail: Mapping[str, str] = field(default_factory=lambda: cast("dict[str, str]", {}))
    time: float = 0.0
    kind: Literal["lease"] = "lease"


Record = Attempt | Evaluation | Decision | Lease


def dump(record: Record) -> str:
    """The record as one line of canonical JSON (sorted keys, no white space)."""
    data: dict[str, object] = {"v": VERSION, "kind": record.kind}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if name != "kind" and (name != "findings" or value):
            data[name] = _plain(value)
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def load(text: str) -> Record:
    """Parse one record.

    Raises:
        UserError: not JSON, too large, another version, or a field of the wrong type.
    """
    if len(text) > MAX_RECORD_BYTES:
        raise UserError("journal record is too large")
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError("journal record is not JSON") from error
    if not isinstance(parsed, dict):
        raise UserError("journal record is not an object")
    data = _Fields(cast("dict[str, object]", parsed))
    version = data.raw.get("v")
    if isinstance(version, int) and version > VERSION:
        raise UserError(f"{NEWER} (version {str(version)[:20]}): upgrade this one")
    if version != VERSION:
        raise UserError(f"journal record has version {str(version)[:20]!r}, not {VERSION}")
    readers = {
        "attempt": _attempt,
        "evaluation": _evaluation,
        "decision": _decision,
        "lease": _lease,
    }
    reader = readers.get(str(data.raw.get("kind")))
    if reader is None:
        raise UserError(f"unknown journal record kind {str(data.raw.get('kind'))[:40]!r}")
    return reader(data)


def _plain(value: object) -> object:
    if isinstance(value, Spend):
        return {"in": value.tokens_in, "out": value.tokens_out, "usd": value.cost_usd}
    if isinstance(value, Move):
        return [value.ref, value.old, value.new]
    if isinstance(value, Finding):
        return findings.to_json(value)
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if value is None or isinstance(value, (str, int, float)):
        return value
    return to_json(cast("Outcome", value))


_T = TypeVar("_T")


class _Fields:
    """Typed, bounded access to a parsed JSON object; anything unexpected is a ``UserError``."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw = raw

    def _get(self, key: str, kind: type[_T], default: _T) -> _T:
        value = self.raw.get(key, default)
        if type(value) is not kind:
            raise UserError(
                f"journal record field {key!r} is {type(value).__name__}, not {kind.__name__}"
            )
        return value

    def text(self, key: str, limit: int = 4000) -> str:
        return clean(self._get(key, str, ""), limit)

    def name(self, key: str) -> str:
        value = self._get(key, str, "")
        if value and not is_name(value):
            raise UserError(f"journal record field {key!r} is not a valid name")
        return value

    def whole(self, key: str) -> int:
        value = self._get(key, int, 0)
        if not -(2**63) <= value < 2**63:
            raise UserError(f"journal record field {key!r} is too large")
        return value

    def step(self) -> int:
        value = self.whole("step")
        if not 0 <= value <= MAX_STEP:
            raise UserError(f"journal record field 'step' is not between 0 and {MAX_STEP}")
        return value

    def number(self, key: str) -> float:
        return finite(self.raw.get(key, 0.0), key)

    def commit(self, key: str) -> CommitId | None:
        return _optional_id(self.raw.get(key), key)

    def required(self, key: str) -> str:
        value = _optional_id(self.raw.get(key), key)
        if value is None:
            raise UserError(f"journal record field {key!r} is missing")
        return value

    def items(self, key: str, most: int = 1000) -> list[object]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or len(cast("list[object]", value)) > most:
            raise UserError(f"journal record field {key!r} is not a list of at most {most}")
        return cast("list[object]", value)

    def commits(self, key: str) -> tuple[CommitId, ...]:
        ids = (_optional_id(item, key) for item in self.items(key))
        return tuple(i for i in ids if i is not None)

    def object(self, key: str) -> _Fields:
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            raise UserError(f"journal record field {key!r} is not an object")
        return _Fields(cast("dict[str, object]", value))

    def spend(self) -> Spend:
        inner = self.object("spend")
        return Spend(inner.whole("in"), inner.whole("out"), inner.number("usd"))


def _optional_id(value: object, key: str) -> CommitId | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_object_id(value):
        raise UserError(f"journal record field {key!r} is not an object id")
    return CommitId(value)


def _attempt(data: _Fields) -> Attempt:
    return Attempt(
        agent=data.name("agent"),
        operator=clean_line(data.text("operator"), 60),
        step=data.step(),
        parents=data.commits("parents"),
        inspirations=data.commits("inspirations"),
        offspring=data.commit("offspring"),
        reason=data.text("reason"),
        duplicate_of=data.commit("duplicate_of"),
        model=clean_line(data.text("model"), 200),
        spend=data.spend(),
        seconds=data.number("seconds"),
        time=data.number("time"),
    )


def _evaluation(data: _Fields) -> Evaluation:
    return Evaluation(
        commit=CommitId(data.required("commit")),
        tree=TreeId(data.required("tree")),
        evaluator=TreeId(data.required("evaluator")),
        environment=clean_line(data.text("environment"), 100),
        seed=data.whole("seed"),
        outcome=from_json(data.object("outcome").raw),
        agent=data.name("agent"),
        purpose=clean_line(data.text("purpose"), 40),
        sandbox=clean_line(data.text("sandbox"), 60),
        seconds=data.number("seconds"),
        time=data.number("time"),
        findings=tuple(_finding(item) for item in data.items("findings")[:MAX_FINDINGS]),
    )


def _finding(item: object) -> Finding:
    if not isinstance(item, dict):
        raise UserError("journal record field 'findings' is malformed")
    return findings.from_json(cast("dict[str, object]", item))


def _decision(data: _Fields) -> Decision:
    return Decision(
        verb=clean_line(data.text("verb"), 40),
        by=data.name("by"),
        selects=data.commits("selects"),
        target=clean_line(data.text("target"), 200),
        text=data.text("text", 20_000),
        moves=tuple(_move(item) for item in data.items("moves", 100)),
        undoes=data.commit("undoes"),
        time=data.number("time"),
    )


def _move(item: object) -> Move:
    parts = cast("list[object]", item) if isinstance(item, list) else []
    if len(parts) != 3 or not isinstance(parts[0], str):
        raise UserError("journal record field 'moves' is malformed")
    return Move(
        clean_line(parts[0], 200), _optional_id(parts[1], "moves"), _optional_id(parts[2], "moves")
    )


def _lease(data: _Fields) -> Lease:
    detail = data.object("detail").raw
    return Lease(
        purpose=clean_line(data.text("purpose"), 40),
        agent=data.name("agent"),
        step=data.step(),
        spend=data.spend(),
        detail={clean_line(k, 40): clean_line(str(v), 200) for k, v in list(detail.items())[:20]},
        time=data.number("time"),
    )
