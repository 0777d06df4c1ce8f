"""Edits of files by their tree-sitter grammar: picks operators by chance and checks what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evogit_agents.genetic.editor import Cache, Note, Place
from evogit_agents.genetic.trees import expressions, loops, statements
from evogit_agents.genetic.trees.constants import tunable
from evogit_agents.genetic.trees.grammar import grammar_of
from evogit_agents.genetic.trees.ground import Edited, Ground, Mutation
from evogit_agents.genetic.trees.source import Source, parse
from evogit_agents.genetic.tuning.constants import Tunable

MUTATIONS: Final[dict[Mutation, float]] = {
    expressions.nudge: 3.0,
    expressions.swap_operator: 2.0,
    expressions.graft: 3.0,
    expressions.hoist: 2.0,
    expressions.shift: 1.0,
    expressions.swap_parts: 0.5,
    expressions.cheaper: 0.5,
    expressions.negate: 0.2,
    loops.hoist_invariant: 2.0,
    loops.exchange_loops: 1.0,
    loops.leave_early: 1.0,
    statements.delete: 2.0,
    statements.unguard: 0.7,
    statements.transplant: 1.0,
    statements.move: 0.7,
    statements.duplicate: 0.1,
}
"""How often each is tried, relative to the others: chosen by hand."""

CROSSOVERS: Final[dict[Mutation, float]] = {
    expressions.cross_expression: 3.0,
    statements.transplant: 2.0,
    statements.cross_function: 1.0,
}

MORE_EDITS: Final = 0.35
"""The chance of another edit after each; the number of edits is geometric."""

_MOST: Final = 12
_ATTEMPTS: Final = 40


class TreeEditor:
    """Files of the languages in ``grammar.GRAMMARS``, UTF-8, of at most 256 KB.

    Offspring parse at least as well as the file did: without errors if it had none.
    """

    def __init__(self) -> None:
        self._sources = Cache[tuple[str, bytes], Source | None](32)

    def edit(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """See ``Editor``."""
        source = self._source(place.path, place.data)
        if source is None:
            return None
        found = [self._source(place.path, data) for data in (*place.partners, *place.donors)]
        donors = [donor for donor in found if donor is not None]
        ground = Ground(source, place.random, donors)
        crossing = bool(place.partners and donors)
        done = _edits(ground, CROSSOVERS if crossing else MUTATIONS)
        if not done or done[-1][1].source.meaning == source.meaning:
            return None
        notes = [Note(name, e.text, e.where, e.line) for name, e in done]
        return done[-1][1].source.encoded(), notes

    def bend(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """Nothing: curves are drawn in Python alone."""
        del place

    def tunable(self, path: str, data: bytes) -> Tunable | None:
        """See ``Editor``."""
        source = self._source(path, data)
        return tunable(source) if source is not None else None

    def accepts(self, path: str, before: bytes, after: bytes) -> bool:
        """See ``Editor``."""
        old = self._source(path, before)
        if old is None:
            return False
        whole = (0, len(old.data), after[len(old.bom) :])
        return after.startswith(old.bom) and old.spliced([whole]) is not None

    def _source(self, path: str, data: bytes) -> Source | None:
        grammar = grammar_of(path)
        if grammar is None:
            return None
        return self._sources.get((path, data), lambda: parse(data, grammar))


def _edits(ground: Ground, first: Mapping[Mutation, float]) -> list[tuple[str, Edited]]:
    """One edit chosen from ``first`` and a geometric number of mutations after it."""
    done: list[tuple[str, Edited]] = []
    table = first
    while len(done) < _MOST:
        found = _edit(ground, table) or _edit(ground, MUTATIONS)
        if found is None:
            return done
        done.append(found)
        if ground.random.random() >= MORE_EDITS:
            return done
        table = MUTATIONS
        ground = Ground(found[1].source, ground.random, ground.donors)
    return done


def _edit(ground: Ground, table: Mapping[Mutation, float]) -> tuple[str, Edited] | None:
    for mutation in ground.random.choices(list(table), list(table.values()), k=_ATTEMPTS):
        edit = mutation(ground)
        if edit is not None:
            return getattr(mutation, "__name__", "mutate").replace("_", "-"), edit
    return None
