"""What is worth a banner: edges between two moments of a swarm. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from evogit_tui.fleet import Doing, WorkerState

Kind = Literal[
    "best",
    "stalled",
    "failing",
    "budget",
    "worker-died",
    "sync-failed",
    "sync-recovered",
]
SyncState = Literal["off", "waiting", "working", "failing"]
Severity = Literal["information", "warning", "error"]

BUDGET_SHARE: Final = 0.8
SEVERITY: Final[Mapping[Kind, Severity]] = {
    "best": "information",
    "stalled": "warning",
    "failing": "warning",
    "budget": "warning",
    "worker-died": "error",
    "sync-failed": "error",
    "sync-recovered": "information",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What alerts are concluded from, at one moment.

    Args:
        best: the best score, and the individual that has it.
        maximize: whether a larger score is better.
        agents: what each of them does.
        failures: the words in which failing agents fail.
        budgets: the used share of every limit, by its name; 1 is all of it.
        workers: of this host.
        sync: how the exchange with the remote goes.
        trouble: what the last exchange failed of.
    """

    best: float | None = None
    best_id: str = ""
    maximize: bool = True
    agents: Mapping[str, Doing] = field(default_factory=dict[str, Doing])
    failures: Mapping[str, str] = field(default_factory=dict[str, str])
    budgets: Mapping[str, float] = field(default_factory=dict[str, float])
    workers: Mapping[str, WorkerState] = field(default_factory=dict[str, WorkerState])
    sync: SyncState = "off"
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that just became true.

    Args:
        kind: what sort of thing.
        about: an agent, a worker, a limit or an individual.
        text: in our own words and numbers.
        detail: the words of whatever failed; not to be trusted.
    """

    kind: Kind
    about: str
    text: str
    detail: str = ""


def alerts(before: Moment, after: Moment) -> list[Alert]:
    """What became true between two moments; nothing for what was true before."""
    return [
        *_best(before, after),
        *_agents(before, after),
        *_budgets(before, after),
        *_workers(before, after),
        *_sync(before, after),
    ]


def _best(before: Moment, after: Moment) -> Iterator[Alert]:
    if before.best is None or after.best is None or before.maximize != after.maximize:
        return
    better = after.best > before.best if after.maximize else after.best < before.best
    if better:
        text = f"new best {after.best:.6g}, before {before.best:.6g}"
        yield Alert("best", after.best_id, text)


def _agents(before: Moment, after: Moment) -> Iterator[Alert]:
    for name, doing in after.agents.items():
        if doing == before.agents.get(name):
            continue
        if doing == "stalled":
            yield Alert("stalled", name, f"agent {name} has stalled")
        elif doing == "failing":
            why = after.failures.get(name, "")
            yield Alert("failing", name, f"agent {name} keeps failing", why)


def _budgets(before: Moment, after: Moment) -> Iterator[Alert]:
    for name, share in after.budgets.items():
        if share >= BUDGET_SHARE > before.budgets.get(name, 0.0):
            yield Alert("budget", name, f"{share:.0%} of the {name} are used")


def _workers(before: Moment, after: Moment) -> Iterator[Alert]:
    for name, state in after.workers.items():
        if state == "died" and before.workers.get(name) == "running":
            yield Alert("worker-died", name, f"worker {name} died without saying why")


def _sync(before: Moment, after: Moment) -> Iterator[Alert]:
    if after.sync == "failing" and before.sync != "failing":
        yield Alert("sync-failed", "origin", "sync with origin fails", after.trouble)
    elif after.sync == "working" and before.sync == "failing":
        yield Alert("sync-recovered", "origin", "sync with origin works again")
