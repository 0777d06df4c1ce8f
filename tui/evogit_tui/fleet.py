"""What every agent is doing: running, waiting, stalled, failing; by its journal and its worker.

Computed by the watching thread (``Fleet.survey``), read by everybody as an immutable tuple.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from evogit.ids import CommitId
from evogit.outcome import Scored
from evogit.phylogeny.activity import Activity, Now, Totals
from evogit.phylogeny.tail import Happening, Tail
from evogit.records import Attempt, Evaluation, Lease
from evogit.steering.state import Mode
from evogit.swarm.identity import seat_of, worker_of
from evogit_tui.model import Facts, Model

Doing = Literal[
    "evaluating",
    "running",
    "failing",
    "stalled",
    "paused",
    "stopped",
    "pruned",
    "idle",
    "away",
]

WorkerState = Literal["running", "ended", "died"]

FAILING: Final = 6
"""So many attempts in a row with the same words of failure are a pattern, not bad luck."""
_WORKER: Final = re.compile(r"(?:.*-)?w[0-9]+")
_PIECE: Final = 500
_REST: Final = 0.005
_DIGITS: Final = 6
"""A number with more is no number of agents: what another host says may be anything."""
_PATIENCE: Final = 120.0
_USUAL: Final = 10.0
"""An agent that is silent for ten times its usual step, and two minutes at least, is stalled."""


@dataclass(frozen=True, slots=True)
class Sign:
    """How an agent's state is shown. ``role`` is a colour of the theme."""

    glyph: str
    ascii: str
    role: str


SIGNS: Final[dict[Doing, Sign]] = {
    "evaluating": Sign("◐", "%", "success"),
    "running": Sign("●", "@", "success"),
    "failing": Sign("✗", "x", "error"),
    "stalled": Sign("⚠", "!", "error"),
    "paused": Sign("‖", "=", "warning"),
    "stopped": Sign("■", "#", "dim"),
    "pruned": Sign("†", "+", "dim"),
    "idle": Sign("○", "o", "dim"),
    "away": Sign("◌", "?", "dim"),
}
ACTIVE: Final = frozenset[Doing]({"evaluating", "running", "failing", "stalled"})
"""States of an agent whose worker runs."""
STATED: Final[Mapping[Doing, str]] = {
    "evaluating": "its newest offspring is being judged",
    "running": "its worker runs",
    "failing": f"its last {FAILING} attempts or more ended in the same failure",
    "stalled": "silent for ten times its usual step",
    "paused": "a human paused it",
    "stopped": "a human stopped it",
    "pruned": "its lineage was pruned; it restarts from the best that is left",
    "idle": "no worker runs it",
    "away": "of another host, and silent",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One agent at one moment.

    Args:
        tip: number of the individual its branch is at; ``None`` before its first.
        worker: the worker that hosts it; empty if its name does not tell.
        host: prefix of its clone; empty for this swarm's first.
        model: that it used last, if that is still in the tail; untrusted text.
        last: when it was last heard of, in seconds since 1970; 0 for never.
        failure: the words its newest attempts ended in, and how many times in a row.
    """

    name: str
    doing: Doing
    tip: int | None
    worker: str
    host: str
    step: int
    last: float
    waiting: CommitId | None
    totals: Totals
    model: str = ""
    failure: tuple[int, str] = (0, "")


@dataclass(frozen=True, slots=True)
class Signals:
    """What a state is concluded from. ``alive`` is ``None`` for another host's worker."""

    mode: Mode
    pruned: bool
    alive: bool | None
    waiting: bool
    silent: float
    usual: float
    failures: int


def conclude(signals: Signals) -> Doing:
    """What an agent does, by what is known of it."""
    if signals.mode != "running":
        return "paused" if signals.mode == "paused" else "stopped"
    if signals.alive is False:
        return "pruned" if signals.pruned else "idle"
    silent = signals.silent > max(_PATIENCE, _USUAL * signals.usual)
    if silent:
        return "away" if signals.alive is None else "stalled"
    if signals.failures >= FAILING:
        return "failing"
    return "evaluating" if signals.waiting else "running"


class Fleet:
    """Surveys the agents. Only the watching thread calls ``survey``.

    Args:
        model: the swarm.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._tail: Tail | None = None
        self.members: tuple[Member, ...] = ()
        self.workers: Mapping[str, WorkerState] = {}
        self._leases: Mapping[str, Lease] = {}
        self._dead: dict[str, Lease] = {}
        self._models: Mapping[str, str] = {}
        self.records: frozenset[CommitId] = frozenset()
        self._activity: Activity | None = None
        self._told: Happening | None = None
        self._best: float | None = None

    @property
    def tail(self) -> Tail | None:
        """The newest journal entries; ``None`` before the first survey."""
        return self._tail

    def survey(self, facts: Facts) -> None:
        """Find out what every agent does now.

        Raises:
            GitError: git can not read the repository.
        """
        activity = self._model.phylogeny.activity
        if self._tail is None or activity is not self._activity:  # scores are others now
            self._activity, self._tail = activity, Tail(self._model.session.swarm.git)
            self._told, self._best, self.records = None, None, frozenset()
        if self._tail.follow(activity.heads()):
            self._leases, self._models = _leases(self._tail), _models(self._tail)
            self._find_records(self._tail, activity, maximize=facts.maximize)
        while activity.update(_PIECE):
            time.sleep(_REST)  # so that a screen that asks the phylogeny never waits long
        self.workers = self._states(facts)
        hosted = (name for name in self._model.phylogeny.agents if worker_of(name))
        names = sorted({*facts.tips, *hosted}, key=natural)
        self.members = tuple(self._member(facts, activity, name) for name in names)

    def _member(self, facts: Facts, activity: Activity, name: str) -> Member:
        now, totals = activity.now(name), activity.of(name)
        (worker, seat), tip = seat_of(name), facts.tips.get(name)
        here = dict(facts.workers)
        lease = self._leases.get(worker)
        begun = lease if lease is not None and lease.purpose == "worker-start" else None
        started = begun.time if begun is not None else 0.0
        seats = _seats(begun, facts.steering.wanted_agents(started))
        hosted = bool(worker) and (seats is None or seat <= seats)
        last = now.time if now else 0.0
        failure = activity.failure(name) if now and now.fruitless >= FAILING else (0, "")
        signals = Signals(
            mode=facts.steering.mode(name, started),
            pruned=tip is not None and self._model.phylogeny.pruned(tip),
            alive=here.get(worker, None if _host(name) else False) if hosted else False,
            waiting=bool(now and now.waiting),
            silent=self._model.session.clock() - max(last, started),
            usual=totals.seconds / totals.attempts if totals.attempts else 0.0,
            failures=failure[0],
        )
        return Member(
            name=name,
            doing=conclude(signals),
            tip=tip,
            worker=worker,
            host=_host(name),
            step=_step(now),
            last=last,
            waiting=now.waiting if now else None,
            totals=totals,
            model=self._models.get(name, ""),
            failure=failure,
        )

    def _find_records(self, tail: Tail, activity: Activity, *, maximize: bool) -> None:
        """Which evaluations of the tail were better than all before them.

        What another host judged earlier and we hear of later is never called a record.
        """
        if self._told is None and tail.newest:
            self._best = activity.best_before(tail.newest[-1].record.time)
        since = self._told.order if self._told else (0.0, "")
        sign, found = 1.0 if maximize else -1.0, set(self.records)
        for happening in reversed(tail.newest):
            score = self._search_score(happening) if happening.order > since else None
            if score is not None and (self._best is None or score * sign > self._best * sign):
                self._best = score
                found.add(happening.entry)
        self._told = tail.newest[0] if tail.newest else None
        self.records = frozenset(found)

    def _search_score(self, happening: Happening) -> float | None:
        record, session = happening.record, self._model.session
        if not isinstance(record, Evaluation) or not isinstance(record.outcome, Scored):
            return None
        key = (record.evaluator, record.environment, record.purpose)
        counts = key == (session.spec.evaluator, session.environment_digest, "search")
        return record.outcome.score if counts else None

    def _states(self, facts: Facts) -> dict[str, WorkerState]:
        found: dict[str, WorkerState] = {}
        for name, alive in facts.workers:
            if not _WORKER.fullmatch(name):
                continue
            found[name] = self._state(name, alive=alive)
        return found

    def _state(self, name: str, *, alive: bool) -> WorkerState:
        """By its newest word and whether somebody holds its name: also an ``eval`` or a promotion may."""
        lease, before = self._leases.get(name), self.workers.get(name, "ended")
        if lease is None:  # it never worked, or said so long ago that the tail has lost it
            works = any(worker_of(agent) == name for agent in self._model.phylogeny.agents)
            if alive:
                return "running" if works else "ended"
            return "ended" if before == "ended" else "died"
        if lease.purpose != "worker-start":
            return "ended"
        if not alive:
            self._dead[name] = lease
        return "died" if self._dead.get(name) == lease else "running"


def _step(now: Now | None) -> int:
    return now.step if now else 0


def _seats(begun: Lease | None, decided: int | None) -> int | None:
    """How many agents a worker hosts: as humans decided since, or as it began; ``None``: unknown."""
    if begun is None:
        return None
    if decided is not None:
        return decided
    said = begun.detail.get("agents", "")
    return int(said) if said.isdecimal() and len(said) < _DIGITS else None


def _host(agent: str) -> str:
    return agent.rpartition("-")[0]


def _leases(tail: Tail) -> dict[str, Lease]:
    """The newest word of every worker on its own start or end."""
    found: dict[str, Lease] = {}
    for happening in tail.newest:
        record = happening.record
        if isinstance(record, Lease) and record.purpose != "reserve":
            found.setdefault(happening.writer, record)
    return found


def _models(tail: Tail) -> dict[str, str]:
    """The model of every agent's newest attempt that used one."""
    found: dict[str, str] = {}
    for happening in tail.newest:
        if isinstance(happening.record, Attempt) and happening.record.model:
            found.setdefault(happening.record.agent, happening.record.model)
    return found


def natural(text: str) -> list[tuple[int, str]]:
    """Sort key by which ``a10`` comes after ``a9``."""
    parts = re.split(r"(\d+)", text)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
