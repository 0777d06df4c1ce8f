"""What the columns know of how each individual was made and judged; nothing here reads git."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import COUNTED, Ledger
from evogit.phylogeny.state import State
from evogit.records import HELD_OUT_AGAIN

_HELD_OUT = ("holdout", HELD_OUT_AGAIN)


@dataclass(slots=True)
class History:
    """One individual's. What is not known is ``None``; sums are 0 where nothing was used.

    Args:
        place: how many evaluations came before the first of its genome.
        judged: when that one was made, in seconds since 1970.
        first_score: what that one said, before any repeat.
        repeats: how often the genome was judged again.
        holdout: its mean score on held-out data.
        seconds: of its attempt, as are ``tokens`` and ``cost_usd``.
    """

    place: int | None = None
    judged: float | None = None
    first_score: float | None = None
    repeats: int = 0
    holdout: float | None = None
    seconds: float = 0.0
    tokens: int = 0
    cost_usd: float = 0.0


def histories(state: State) -> list[History]:
    """Of all individuals, by their numbers."""
    found = [History() for _ in state.individuals.tree_rows]
    places = {row: place for place, row in enumerate(state.ledger.order())}
    for i, genome in enumerate(state.individuals.tree_rows):
        _judged(found[i], state.ledger, state.ledger.evaluations_of(genome), places)
    _made(found, state)
    return found


def _judged(one: History, ledger: Ledger, rows: Sequence[int], places: dict[int, int]) -> None:
    purposes = {row: ledger.names.names[ledger.purposes[row]] for row in rows}
    first = next((row for row in rows if purposes[row] in COUNTED), None)
    if first is not None:
        one.place, one.judged = places[first], ledger.times[first]
        one.first_score = ledger.scores[first] if ledger.counts(first) else None
    one.repeats = sum(purpose == "repeat" for purpose in purposes.values())
    held_out = [row for row in rows if purposes[row] in _HELD_OUT]
    if held_out and all(map(ledger.counts, held_out)):
        one.holdout = fmean(ledger.scores[row] for row in held_out)


def _made(found: list[History], state: State) -> None:
    ledger = state.ledger
    for row in range(len(ledger.attempt_times)):
        offspring = bytes(ledger.attempt_offspring[row * ID_BYTES : (row + 1) * ID_BYTES])
        i = state.individuals.ids.rows.get(offspring)
        if i is not None:
            found[i].seconds += max(ledger.attempt_seconds[row], 0.0)
            found[i].tokens += max(ledger.attempt_tokens[row], 0)
            found[i].cost_usd += max(ledger.attempt_costs[row], 0.0)
