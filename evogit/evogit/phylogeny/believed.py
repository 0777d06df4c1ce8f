"""What is believed of a record: neither a date far ahead, nor that it is somebody else's than its writer's.

Whoever can push may write any record into a journal. Whose journal it is git tells; what a record
says of itself is only a claim.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from evogit.phylogeny.ledger import Row
from evogit.records import Attempt, Decision, Record
from evogit.swarm.identity import decides_as, speaks_for

_DAY: Final = 86_400.0
"""Clocks of hosts may differ by so much, and by their time zones if they are set wrong."""


def believed(writer: str, row: Row, now: float) -> Row:
    """``row`` as it counts in the journal of ``writer``.

    What it says of another worker's agent is put down to the writer itself: nothing it cost is lost,
    and nobody steers what the other one does next, such as the number of its steps.

    Of two records the later one counts, so a date far ahead, forged or of a broken clock, would have
    the last word for good: no verdict or decision made since could answer it. It counts as the oldest.
    """
    latest = now + _DAY
    if isinstance(row, Decision):
        return _signed(writer, replace(row, time=0.0) if row.time > latest else row)
    if row[0] == "attempt":
        if row[8] <= latest and speaks_for(writer, row[1]):
            return row  # as nearly all are, and there may be hundreds of thousands
        return ("attempt", _speaker(writer, row[1]), *row[2:8], _dated(row[8], latest), row[9])
    if row[0] == "lease":
        return ("lease", _speaker(writer, row[1]), *row[2:])
    return row if row[7] <= latest else (*row[:7], 0.0)


def shown(writer: str, record: Record) -> Record:
    """``record`` as humans see it: what claims to be somebody else's names its writer first."""
    if isinstance(record, Decision):
        return _signed(writer, record)
    if isinstance(record, Attempt) and not speaks_for(writer, record.agent):
        return replace(record, agent=f"{writer} (as {record.agent})")
    return record


def _signed(writer: str, decision: Decision) -> Decision:
    if decides_as(writer, decision.by):
        return decision
    return replace(decision, by=f"{writer} (as {decision.by})")


def _speaker(writer: str, agent: str) -> str:
    return agent if speaks_for(writer, agent) else writer


def _dated(time: float, latest: float) -> float:
    return 0.0 if time > latest else time
