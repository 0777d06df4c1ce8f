"""Which offspring of an agent may still lack their verdict or its acceptance, by the journals."""

from __future__ import annotations

from typing import Final

from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.views import AttemptRow

FRUITLESS: Final = 500
"""After so many steps in a row without a new tree an agent has nothing left to try."""


def unfinished(phylogeny: Phylogeny, agent: str, ahead: int) -> list[AttemptRow]:
    """The agent's newest attempts with offspring that nobody may have judged or decided on, in order.

    An agent's offspring are judged in the order in which they were made, and of at most ``ahead``
    plus the newest the verdict is open. So all before those were decided on. A later one may have
    its verdict first, if another agent made the same tree; the last one with a verdict before the
    first without may not be decided on, which its verdict does not tell.
    """
    found: list[AttemptRow] = []
    in_vain = 0
    for attempt in reversed(phylogeny.attempts(agent)):
        if attempt.offspring is None or attempt.offspring not in phylogeny:
            in_vain += 1
            if not ahead or in_vain > FRUITLESS:
                break
            continue
        in_vain = 0
        found.append(attempt)
        if len(found) > ahead:
            break
    while len(found) > 1 and all(is_judged(phylogeny, attempt) for attempt in found[-2:]):
        found.pop()
    return found[::-1]


def is_judged(phylogeny: Phylogeny, attempt: AttemptRow) -> bool:
    """Whether an attempt's offspring, if it has one, has a verdict."""
    offspring = attempt.offspring
    if offspring is None or offspring not in phylogeny:
        return True
    return phylogeny.outcome(phylogeny.index(offspring)) is not None
