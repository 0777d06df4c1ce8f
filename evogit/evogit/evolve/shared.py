"""What the agents of one worker share: machine limits and the repository, never reasoning."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from evogit.evolve.allowance import Allowance
from evogit.evolve.budget import SwarmBudget
from evogit.evolve.directions import Directions
from evogit.evolve.evaluating import Verdicts
from evogit.evolve.events import Event, Kind, Listener
from evogit.evolve.offspring import Nursery
from evogit.git.repository import GitRepository
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import Strategy
from evogit.swarm.journal import Journal


@dataclass(frozen=True, slots=True)
class Shared:
    """One of these for each worker; all of it may be used from any thread."""

    worker: str
    git: GitRepository
    phylogeny: Phylogeny
    journal: Journal
    strategy: Strategy
    nursery: Nursery
    verdicts: Verdicts
    allowance: Allowance
    budget: SwarmBudget
    directions: Directions
    stop: threading.Event
    tell: Listener
    seed: int
    evaluator_seed: int
    maximize: bool
    noise: float
    ahead: int = 0
    clock: Callable[[], float] = time.time

    def now(self) -> float:
        """Seconds since 1970, to the millisecond: as journals and events have it."""
        return round(self.clock(), 3)

    def say(
        self,
        kind: Kind,
        agent: str = "",
        *,
        commit: str = "",
        tree: str = "",
        entry: str = "",
        operator: str = "",
        outcome: str = "",
        score: float | None = None,
        text: str = "",
    ) -> None:
        """Tell what happened here now."""
        told = (commit, tree, entry, operator, outcome, score, text)
        self.tell(Event(kind, self.now(), self.worker, agent, *told))
