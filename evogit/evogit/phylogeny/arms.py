"""What attempts by one operator and model came to, newest first: what their credit is counted from."""

from __future__ import annotations

import threading
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evogit.phylogeny.individuals import ID_BYTES
from evogit.phylogeny.ledger import SCORED, Key
from evogit.phylogeny.state import State

_NO_ID: Final = bytes(ID_BYTES)
_ANCESTORS: Final = 64
_FEW: Final = 64


@dataclass(frozen=True, slots=True)
class Pull:
    """One attempt whose result is known.

    Args:
        arm: which of the arms asked for made it, from 0.
        gain: how much fitter its offspring is than its parent; 0 if there is no offspring, if that
            was known already or has no score. An unscored parent counts as what it came from.
        tokens: what it used.
        cost_usd: what it cost.
    """

    arm: int
    gain: float
    tokens: int
    cost_usd: float


class Arms:
    """Attempts of a phylogeny by operator and model. Thread-safe; takes in what is new when asked.

    Args:
        state: the columns.
        lock: guards them.
    """

    def __init__(self, state: State, lock: threading.RLock) -> None:
        self._state = state
        self._lock = lock
        self._taken = 0
        self._rows: dict[tuple[int, int], list[int]] = {}

    def newest(self, arms: Sequence[tuple[str, str]], most: int) -> list[Pull]:
        """The newest ``most`` attempts by these (operator, model), newest first.

        Those whose offspring is not judged yet are left out. The order does not depend on which
        host's journal was read first.
        """
        with self._lock:
            self._take()
            names = self._state.ledger.names
            found: list[tuple[Key, int, Pull]] = []
            for place, (operator, model) in enumerate(arms):
                rows = self._rows.get((names.add(operator), names.add(model)), [])
                found += self._judged(rows, place, most)
            found.sort(key=lambda item: item[0], reverse=True)
            return [pull for _, _, pull in found[:most]]

    def _take(self) -> None:
        ledger = self._state.ledger
        operators, models = ledger.attempt_operators, ledger.attempt_models
        new = defaultdict[tuple[int, int], list[int]](list)
        for row in range(self._taken, len(operators)):
            new[operators[row], models[row]].append(row)
        for arm, rows in new.items():
            known = self._rows.setdefault(arm, [])
            if len(rows) > _FEW:
                known += rows
                known.sort(key=ledger.attempt_key)
            else:
                for row in rows:
                    insort(known, row, key=ledger.attempt_key)
        self._taken = len(operators)

    def _judged(self, rows: Sequence[int], arm: int, most: int) -> list[tuple[Key, int, Pull]]:
        ledger = self._state.ledger
        found: list[tuple[Key, int, Pull]] = []
        for row in reversed(rows):
            if len(found) == most:
                break
            gain = self._gain(row)
            if gain is not None:
                tokens, cost = max(ledger.attempt_tokens[row], 0), ledger.attempt_costs[row]
                found.append(
                    (ledger.attempt_key(row), row, Pull(arm, gain, tokens, max(cost, 0.0)))
                )
        return found

    def _gain(self, row: int) -> float | None:
        """What an attempt gained; ``None`` while its offspring is not judged."""
        offspring = bytes(
            self._state.ledger.attempt_offspring[row * ID_BYTES : (row + 1) * ID_BYTES]
        )
        if offspring == _NO_ID:
            return 0.0
        table, genomes = self._state.individuals, self._state.genomes
        child = table.ids.rows.get(offspring)
        if child is None or genomes.evaluations[table.tree_rows[child]] < 0:
            return None
        mine = self._fitness(child)
        before = self._before(child)
        return max(mine - before, 0.0) if mine is not None and before is not None else 0.0

    def _fitness(self, individual: int) -> float | None:
        genomes, genome = self._state.genomes, self._state.individuals.tree_rows[individual]
        scored = genomes.statuses[genome] == SCORED and genomes.evaluations[genome] >= 0
        return genomes.scores[genome] * self._state.sign if scored else None

    def _before(self, individual: int) -> float | None:
        """Fitness of the nearest ancestor with a score, along first parents."""
        for _ in range(_ANCESTORS):
            parents = self._state.individuals.parents(individual)
            if not parents:
                return None
            individual = parents[0]
            found = self._fitness(individual)
            if found is not None:
                return found
        return None
