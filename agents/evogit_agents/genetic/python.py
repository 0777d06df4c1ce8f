"""Edits of Python files: picks operators and places by chance, and checks what comes out."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from typing import Final

from evogit.inline_tests.kept import keeps_tests
from evogit.paths import editable_ranges, outside_unchanged
from evogit_agents.genetic import cross, expressions, statements
from evogit_agents.genetic.behaviour import behaviours
from evogit_agents.genetic.curves import OPERATOR, bend
from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.editor import Cache, Note, Place
from evogit_agents.genetic.ground import Ground, Mutation
from evogit_agents.genetic.index import Index, build
from evogit_agents.genetic.memoise import memoise
from evogit_agents.genetic.python_constants import tunable
from evogit_agents.genetic.source import Source, compiles, read, same
from evogit_agents.genetic.speed import extremes, invariants, leaving, looping
from evogit_agents.genetic.templates import Template, primitives, templates
from evogit_agents.genetic.tuning.constants import Tunable

MUTATIONS: Final[dict[Mutation, float]] = {
    expressions.nudge: 5.0,
    expressions.replace_grown: 3.0,
    expressions.wrap: 3.0,
    expressions.hoist: 4.0,
    expressions.graft: 1.5,
    expressions.swap_operator: 1.0,
    expressions.rename: 0.7,
    expressions.swap_parts: 0.3,
    expressions.negate: 0.1,
    statements.insert: 2.5,
    statements.delete: 2.0,
    statements.unguard: 1.0,
    statements.guard: 0.3,
    statements.transplant: 0.3,
    statements.move: 0.2,
    statements.augment: 0.1,
    statements.duplicate: 0.05,
    memoise: 0.5,
    invariants.hoist_invariant: 1.0,
    extremes.compare_directly: 0.5,
    looping.walk_items: 0.3,
    looping.build_at_once: 0.3,
    leaving.leave_early: 0.3,
}
"""How often each is tried, relative to the others: chosen by hand after comparing a few settings on
online bin packing (tests/benchmarks/bench_genetic_search.py), not by a search."""

CROSSOVERS: Final[dict[Mutation, float]] = {
    cross.cross_expression: 4.0,
    statements.transplant: 2.0,
    cross.cross_function: 0.5,
}

_MOST_EDITS: Final = 24
"""Edits tried for one offspring, those without effect included."""

MORE_EDITS: Final = 0.35
"""The chance of another edit after each; the number of edits is geometric."""

_ATTEMPTS: Final = 40

_Done = tuple[str, Edited]
"""The operator's name and its edit."""


class PythonEditor:
    """Python files that parse, of at most 256 KB. Offspring compile."""

    def __init__(self) -> None:
        self._indexes = Cache[bytes, Index | None](64)
        self._templates = Cache[tuple[bytes, tuple[str, ...]], list[Template]](64)
        self._primitives = Cache[tuple[str, ...], list[ast.expr]](4)

    def edit(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """See ``Editor``."""
        index = self._index(place.data)
        if index is None or not (index.sites or index.statements):
            return None
        donors = [self._index(data) for data in (*place.partners, *place.donors)]
        known = [donor for donor in donors if donor is not None]
        extra = self._extra(place.data, index, place.search.primitives)
        ground = Ground(index, extra, place.random, known)
        for _ in range(3):
            done = _edits(ground, CROSSOVERS if place.partners and known else MUTATIONS)
            content = _checked(index, done[-1][1].source) if done else None
            if content is not None:
                return content, [Note(name, e.note, e.where, e.line) for name, e in done]
        return None

    def bend(self, place: Place) -> tuple[bytes, list[Note]] | None:
        """See ``Editor``."""
        index = self._index(place.data)
        if index is None:
            return None
        ground = Ground(
            index, self._extra(place.data, index, place.search.primitives), place.random
        )
        largest = _largest(place)
        for _ in range(_ATTEMPTS):
            edit = bend(ground, largest)
            content = _checked(index, edit.source) if edit is not None else None
            if edit is not None and content is not None:
                return content, [Note(OPERATOR, edit.note, edit.where, edit.line)]
        return None

    def tunable(self, path: str, data: bytes) -> Tunable | None:
        """See ``Editor``."""
        del path
        index = self._index(data)
        return tunable(data, index) if index is not None else None

    def accepts(self, path: str, before: bytes, after: bytes) -> bool:
        """See ``Editor``."""
        del path
        index, source = self._index(before), read(after)
        return index is not None and source is not None and _checked(index, source) == after

    def _index(self, data: bytes) -> Index | None:
        return self._indexes.get(data, lambda: _indexed(read(data)))

    def _extra(self, data: bytes, index: Index, snippets: tuple[str, ...]) -> list[Template]:
        parsed = self._primitives.get(snippets, lambda: primitives(snippets))
        return self._templates.get((data, snippets), lambda: templates(index, parsed))


def _largest(place: Place) -> dict[str, float]:
    """How large the declared arguments of functions in this file may be."""
    found: dict[str, float] = {}
    for function in place.search.functions:
        if function.file == place.path:
            for name, values in function.arguments.items():
                ends = values if isinstance(values, tuple) else (values,)
                found[name] = max(found.get(name, 0.0), *map(abs, map(float, ends)))
    return found


def _edits(ground: Ground, first: Mapping[Mutation, float]) -> list[_Done]:
    """One edit chosen from ``first`` and a geometric number of mutations after it.

    After an edit that seems to change nothing but the text another one always follows. It is kept all
    the same: a bound moved by one changes few answers, and what has no effect yet is where later edits
    find one. Runs in which such edits were dropped ended early (docs/performance.md).
    """
    done: list[_Done] = []
    table, known = first, _behaviours(ground.index.source)
    for _ in range(_MOST_EDITS):
        found = _edit(ground, table) or _edit(ground, MUTATIONS)
        if found is None:
            return done
        after = found[1].source
        behaviour = _behaviours(after)
        inert = behaviour is not None and behaviour == known
        done.append(found)
        known = behaviour
        if not inert and ground.random.random() >= MORE_EDITS:
            return done
        table = MUTATIONS
        index = build(after, editable_ranges(after.text))
        ground = Ground(index, ground.templates, ground.random, ground.donors)
    return done


def _edit(ground: Ground, table: Mapping[Mutation, float]) -> _Done | None:
    names, weights = list(table), list(table.values())
    for mutation in ground.random.choices(names, weights, k=_ATTEMPTS):
        edit = mutation(ground)
        if edit is not None:
            return _name(mutation), edit
    return None


def _name(mutation: Mutation) -> str:
    return getattr(mutation, "__name__", "mutate").replace("_", "-")


def _behaviours(source: Source) -> tuple[Hashable, ...] | None:
    return behaviours(source.tree, source.text)


def _indexed(source: Source | None) -> Index | None:
    return None if source is None else build(source, editable_ranges(source.text))


def _checked(index: Index, after: Source) -> bytes | None:
    """The new content if it holds all that is promised of an offspring."""
    before = index.source
    if same(before.tree, after.tree) or not outside_unchanged(before.text, after.text):
        return None
    if not keeps_tests(".py", before.text, after.text):
        return None
    return after.encoded() if compiles(after) else None
