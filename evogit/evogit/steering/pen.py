"""How one decision gets into a person's journal, with the refs it moves.

The person's lock is held from the first look to the last move. How ref moves survive a kill is said
in ``moves``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from evogit.errors import EvoGitError, NotFoundError, UserError
from evogit.ids import JOURNALS, CommitId
from evogit.records import MAX_RECORD_BYTES, Decision, dump, load
from evogit.steering.moves import Mover
from evogit.swarm.identity import take_person
from evogit.swarm.journal import Journal
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny


class Pen:
    """Writes the decisions of one person. Thread-safe.

    Args:
        swarm: the swarm.
        phylogeny: its index; refreshed before and after every decision.
        by: the person's name.
        clock: seconds since 1970.
        mover: moves refs.
    """

    def __init__(
        self,
        swarm: Swarm,
        phylogeny: Phylogeny,
        by: str,
        clock: Callable[[], float],
        mover: Mover,
    ) -> None:
        self._git = swarm.git
        self._host = swarm.host
        self._phylogeny = phylogeny
        self._by = by
        self._clock = clock
        self._mover = mover

    def now(self) -> float:
        """The time, but later than every decision known, so that order in time is causal order.

        Of what is dated more than a day ahead the phylogeny believes no date, and makes it the oldest.
        """
        now = self._clock()
        newest = max((d.time for _, d in self._phylogeny.decisions), default=0.0)
        return now if now > newest else math.nextafter(newest, math.inf)

    def write(self, decide: Callable[[], Decision]) -> CommitId:
        """Record what ``decide`` returns and move its refs; it is called with the lock held.

        Raises:
            ConflictError: a ref moved in the last moment; the decision is recorded, and undone.
            UserError: the decision is too long to be recorded.
        """
        with take_person(self._git, self._by, self._host) as writer:
            journal = Journal(self._git, writer)
            try:
                self._heal(journal, writer)
                self._phylogeny.refresh()
                entry = self._carry_out(journal, writer, _storable(decide()))
            finally:
                journal.close()
            self._phylogeny.refresh()
            return entry

    def heal(self) -> None:
        """Complete, or take back, what a killed process of this person left half done."""
        if not self._mover.any_left():
            return
        with take_person(self._git, self._by, self._host) as writer:
            journal = Journal(self._git, writer)
            try:
                self._heal(journal, writer)
            finally:
                journal.close()
            self._phylogeny.refresh()

    def _carry_out(self, journal: Journal, writer: str, decision: Decision) -> CommitId:
        if not decision.moves:
            return self._append(journal, decision)
        self._mover.note(writer, self._tip(writer))
        entry = self._append(journal, decision)
        try:
            self._mover.make(decision.moves, decision.verb)
        except EvoGitError:
            self._append(journal, self._taken_back(entry, decision))
            self._mover.forget(writer)
            raise
        self._mover.forget(writer)
        return entry

    def _taken_back(self, entry: CommitId, decision: Decision) -> Decision:
        time = math.nextafter(max(decision.time, self._clock()), math.inf)
        return Decision(
            "undo", self._by, text="it could not be carried out", undoes=entry, time=time
        )

    def _heal(self, journal: Journal, writer: str) -> None:
        tip = self._tip(writer)
        decision = self._mover.left_over(writer, tip)
        if decision is not None and not self._mover.finish(decision):
            self._append(journal, self._taken_back(tip, decision))
        self._mover.forget(writer)

    def _tip(self, writer: str) -> CommitId:
        tip = self._git.ref(JOURNALS + writer)
        if tip is None:
            raise NotFoundError(f"journal {writer} vanished")
        return tip

    def _append(self, journal: Journal, decision: Decision) -> CommitId:
        subject = f"{decision.verb} {decision.target or clean_line(decision.text, 80)}"
        named = [
            *decision.selects,
            *(m.old for m in decision.moves),
            *(m.new for m in decision.moves),
        ]
        keep = [commit for commit in named if commit is not None and commit in self._phylogeny]
        return journal.append(decision, subject=subject.strip(), keep=keep).result()


def _storable(decision: Decision) -> Decision:
    """``decision`` if readers will get back exactly this.

    Raises:
        UserError: it is too long for a journal record.
    """
    text = dump(decision)
    if len(text) > MAX_RECORD_BYTES or load(text) != decision:
        raise UserError(
            f"this {decision.verb} is too long to be recorded", hint="say less, or split it up"
        )
    return decision
