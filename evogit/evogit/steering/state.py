"""What the decisions of all humans add up to: a pure function of their sequence.

Decisions are never taken back, only answered: an ``undo`` names what it undoes, a ``redo`` names the
undo it takes away. Each of them says of one plain decision that it holds or does not, and the last
word in time wins. So two hosts that undo the same decision at once agree, and one redo brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from evogit.ids import CommitId
from evogit.records import Decision

Decisions = Sequence[tuple[CommitId, Decision]]
"""(journal entry, decision) in time order."""

Mode = Literal["running", "paused", "stopped"]

USER: Final = "user:"
"""Prefix of a ref in a ``Move`` that lies in the user's repository, not in the swarm's."""

MAX_AGENTS: Final = 10_000
"""So many agents of a worker may be asked for."""

_ANSWERS: Final = frozenset({"undo", "redo"})
_MODES: Final[Mapping[str, Mode]] = {"pause": "paused", "resume": "running", "stop": "stopped"}


@dataclass(frozen=True, slots=True)
class Feedback:
    """Words for a lineage: for offspring of ``commits`` and of their descendants."""

    entry: CommitId
    commits: tuple[CommitId, ...]
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Promotion:
    """An individual that became ``commit`` on branch ``ref`` of the user's repository."""

    individual: CommitId
    ref: str
    commit: CommitId


@dataclass(frozen=True, slots=True)
class Steering:
    """Everything decided and not undone."""

    active: tuple[tuple[CommitId, Decision], ...] = ()
    """Plain decisions that hold, in time order; undo and redo are left out."""
    pruned: frozenset[CommitId] = frozenset()
    """Roots of pruned lineages: pruned and not restored themselves."""
    pinned: frozenset[CommitId] = frozenset()
    released: frozenset[CommitId] = frozenset()
    """Quarantined individuals that a human let go."""
    tags: tuple[tuple[str, CommitId], ...] = ()
    seeds: tuple[tuple[str, CommitId], ...] = ()
    """(agent, individual it was last started from by a human)."""
    feedback: tuple[Feedback, ...] = ()
    """All feedback, consumed or not: see ``feedback.pending``."""
    promotions: tuple[Promotion, ...] = ()
    wanted: tuple[int, float] | None = None
    """How many agents each worker is to host, and when that was said; ``None`` if nobody did."""
    modes: tuple[tuple[str, Mode, float], ...] = ()
    """(agent, mode, when); agent ``""`` is every agent not named after it."""

    def wanted_agents(self, since: float = 0.0) -> int | None:
        """How many agents a worker is to host; ``None`` if nobody said since it was started."""
        return self.wanted[0] if self.wanted is not None and self.wanted[1] >= since else None

    def mode(self, agent: str, since: float = 0.0) -> Mode:
        """What ``agent`` is to do.

        Args:
            agent: its name.
            since: when its worker was started; an older ``stop`` ended an earlier run and no longer
                counts, while a pause holds until somebody resumes.
        """
        found: Mode = "running"
        for name, mode, when in self.modes:
            if name in {"", agent} and not (mode == "stopped" and when < since):
                found = mode
        return found

    def paused(self, agent: str) -> bool:
        """Whether ``agent`` is to wait."""
        return self.mode(agent) == "paused"

    def stopped(self, agent: str, since: float = 0.0) -> bool:
        """Whether ``agent`` is to end; see ``mode`` for ``since``."""
        return self.mode(agent, since) == "stopped"


def effect(known: Mapping[CommitId, Decision], entry: CommitId) -> tuple[CommitId, bool] | None:
    """Of which plain decision an undo or redo says that it holds (true) or not (false).

    ``None`` if it names nothing that is known, or names itself in a circle.
    """
    holds, seen = True, set[CommitId]()
    current: CommitId | None = entry
    while current is not None and current in known and current not in seen:
        seen.add(current)
        decision = known[current]
        if decision.verb not in _ANSWERS:
            return current, holds
        # A redo that names a plain decision brings it back; one that names an undo takes that away.
        answered = known.get(decision.undoes) if decision.undoes else None
        if decision.verb == "undo" or (answered is not None and answered.verb == "undo"):
            holds = not holds
        current = decision.undoes
    return None


def holding(decisions: Decisions) -> list[tuple[CommitId, Decision]]:
    """The plain decisions that are not undone, in order."""
    known = dict(decisions)
    holds: dict[CommitId, bool] = {}
    for entry, decision in decisions:
        said = effect(known, entry) if decision.verb in _ANSWERS else None
        if said is not None:
            holds[said[0]] = said[1]
    return [
        (entry, decision)
        for entry, decision in decisions
        if decision.verb not in _ANSWERS and holds.get(entry, True)
    ]


def derive(decisions: Decisions) -> Steering:
    """What ``decisions``, in time order, add up to."""
    active = tuple(holding(decisions))
    only = [decision for _, decision in active]
    return Steering(
        active=active,
        pruned=_toggled(only, "prune", "restore"),
        pinned=_toggled(only, "pin", "unpin"),
        released=_toggled(only, "release", ""),
        tags=_named(only, "tag"),
        seeds=_named(only, "seed"),
        feedback=tuple(
            Feedback(entry, found.selects, found.text, found.time)
            for entry, found in active
            if found.verb == "feedback"
        ),
        promotions=tuple(_promotions(only)),
        wanted=_wanted(only),
        modes=tuple(_modes(only)),
    )


def _toggled(decisions: Sequence[Decision], on: str, off: str) -> frozenset[CommitId]:
    found: set[CommitId] = set()
    for decision in decisions:
        if decision.verb == on:
            found.update(decision.selects)
        elif decision.verb == off:
            found.difference_update(decision.selects)
    return frozenset(found)


def _named(decisions: Sequence[Decision], verb: str) -> tuple[tuple[str, CommitId], ...]:
    found: dict[str, CommitId] = {}
    for decision in decisions:
        if decision.verb == verb and decision.target and decision.selects:
            found[decision.target] = decision.selects[0]
        elif decision.verb == f"un{verb}":
            found.pop(decision.target, None)
    return tuple(sorted(found.items()))


def _promotions(decisions: Sequence[Decision]) -> list[Promotion]:
    return [
        Promotion(decision.selects[0], move.ref.removeprefix(USER), move.new)
        for decision in decisions
        if decision.verb == "promote" and decision.selects
        for move in decision.moves
        if move.ref.startswith(USER) and move.new is not None
    ]


def _wanted(decisions: Sequence[Decision]) -> tuple[int, float] | None:
    found: tuple[int, float] | None = None
    for decision in decisions:
        number = decision.text if decision.verb == "agents" else ""
        if number.isdecimal() and len(number) < 6 and int(number) <= MAX_AGENTS:
            found = int(number), decision.time
    return found


def _modes(decisions: Sequence[Decision]) -> list[tuple[str, Mode, float]]:
    found: list[tuple[str, Mode, float]] = []
    for decision in decisions:
        mode = _MODES.get(decision.verb)
        if mode is None:
            continue
        names = decision.target.split(",")
        if names == [""]:
            found.clear()
        # A later word on an agent replaces the earlier one, so this stays as short as they are many.
        found = [item for item in found if item[0] not in names]
        for name in names:
            found.append((name, mode, decision.time))
    return found
