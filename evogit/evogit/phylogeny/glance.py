"""How one individual stands, from the columns alone.

For whoever draws many individuals at once: nothing here takes a lock or reads git, so a look never
waits for another thread's refresh.
"""

from __future__ import annotations

from typing import Literal

from evogit.phylogeny.ledger import QUARANTINE, SCORED
from evogit.phylogeny.state import State

Standing = Literal["pending", "scored", "failed", "held"]
"""Not judged yet; has a score; was judged and has none; waits for a human in quarantine."""


def standing(state: State, row: int) -> Standing:
    """How the genome of an individual was judged."""
    genome = state.individuals.tree_rows[row]
    status = state.genomes.statuses[genome]
    if status == SCORED:
        return "scored"
    if status < 0:
        return "pending"
    if status in QUARANTINE:
        return "pending" if genome in state.ledger.released else "held"
    return "failed"


def judged_at(state: State, row: int) -> float | None:
    """When the evaluation of its genome that was read last was made, in seconds since 1970."""
    evaluation = state.genomes.evaluations[state.individuals.tree_rows[row]]
    return None if evaluation < 0 else state.ledger.times[evaluation]
