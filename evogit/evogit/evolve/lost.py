"""Steps that were killed before they told what they cost: counted at the most they may have cost."""

from __future__ import annotations

from typing import Final

from evogit.evolve.spending import FREE, in_words
from evogit.phylogeny.index import Phylogeny
from evogit.records import Attempt
from evogit.swarm.identity import JUDGE_SUFFIX, worker_of
from evogit.swarm.journal import Journal

LOST: Final = "lost"
"""The operator of an attempt that stands for such a step."""


def settle_lost(phylogeny: Phylogeny, journal: Journal, worker: str, now: float) -> list[str]:
    """Record an attempt for every reservation that an earlier process of ``worker`` left open.

    The reservation itself counts against all caps until then, so that a worker that never comes
    back hides nothing either. Those that cost nothing stay if their step is made again, as it is
    unless a later one of the agent was recorded.

    Args:
        phylogeny: refreshed; the caller holds the identity of ``worker``, so nobody else works.
        journal: of ``worker``.
        worker: its name.
        now: seconds since 1970.

    Returns:
        What was settled, in words.
    """
    found: list[str] = []
    for (agent, step), worst in phylogeny.reservations.items():
        host = agent.removesuffix(JUDGE_SUFFIX)
        again = worst == FREE and step > phylogeny.last_step(agent)
        if again or worker not in (host, worker_of(host)):
            continue
        reason = f"killed before it told what it cost; counted as {in_words(worst)}"
        attempt = Attempt(agent, LOST, step, (), reason=reason, spend=worst, time=round(now, 3))
        journal.append(attempt, subject=f"{LOST}: step {step} of {agent}").result()
        found.append(f"step {step} of {agent} was {reason}")
    phylogeny.refresh()
    return found
