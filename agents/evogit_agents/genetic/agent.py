"""The genetic agent: picks files, operators and places by chance, and checks what comes out."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from evogit.paths import editable_ranges, matches, outside_unchanged
from evogit.proposals import Agent, Genome, NoProposal, Proposal, Setup, Task
from evogit.records import Spend
from evogit.text import clean_line
from evogit_agents.genetic import cross, expressions, statements
from evogit_agents.genetic.behaviour import behaviours
from evogit_agents.genetic.edit import Edited
from evogit_agents.genetic.ground import Ground, Mutation
from evogit_agents.genetic.index import Index, build
from evogit_agents.genetic.memoise import memoise
from evogit_agents.genetic.source import Source, compiles, read, same
from evogit_agents.genetic.templates import Template, primitives, templates

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
}
"""How often each is tried, relative to the others: chosen by hand after comparing a few settings on
online bin packing (tests/benchmarks/bench_genetic_search.py), not by a search."""

CROSSOVERS: Final[dict[Mutation, float]] = {
    cross.cross_expression: 4.0,
    statements.transplant: 2.0,
    cross.cross_function: 0.5,
}

DRIFT: Final = 0.05
"""The chance that an edit without effect and without gain in brevity is kept all the same."""

_INERT: Final = 24
"""Edits tried for one offspring, those without effect included."""

MORE_EDITS: Final = 0.35
"""The chance of another edit after each; the number of edits is geometric."""

SECOND_FILE: Final = 0.05
_FILES_TRIED: Final = 16
_ATTEMPTS: Final = 40

K = TypeVar("K")
V = TypeVar("V")


class GeneticAgent:
    """Mutates and crosses Python files by their syntax. No model, no key, no cost.

    Operators are ``mutate`` (one parent) and ``cross`` (grafts from the second parent; ``mutate``
    if there is none). Files that are not Python, do not parse, or are larger than 256 KB are left
    alone. Offspring compile, differ from the first parent in more than layout, and keep every byte
    outside the edited spans. The same task with the same random state gives the same proposal.
    """

    kind = "genetic"

    def __init__(self) -> None:
        self._indexes = _Cache[bytes, Index | None](64)
        self._templates = _Cache[tuple[bytes, tuple[str, ...]], list[Template]](64)
        self._primitives = _Cache[tuple[str, ...], list[ast.expr]](4)
        self._paths = _Cache[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]](32)

    def worst_case(self) -> Spend:
        """Nothing: no model is asked."""
        return Spend()

    def propose(self, task: Task) -> Proposal | NoProposal:
        """One offspring by a few random edits of one file, seldom of two."""
        crossing = task.operator == "cross" and len(task.parents) > 1
        operator = "cross" if crossing else "mutate"
        if not task.parents:
            return NoProposal(operator, "there is no parent to change")
        paths = self._editable(task.parents[0], task)
        if not paths:
            return NoProposal(operator, "the parent has no editable Python file")
        wanted = 2 if task.random.random() < SECOND_FILE else 1
        changes: dict[str, bytes | None] = {}
        notes: list[tuple[str, Edited]] = []
        for path in self._order(paths, task, crossing=crossing):
            made = self._file(path, task, crossing=crossing)
            if made is not None:
                changes[path], edits = made
                notes += [(path, edit) for edit in edits]
            if len(changes) == wanted:
                break
        if not changes:
            return NoProposal(operator, "found no edit of an editable Python file that compiles")
        return Proposal(operator, changes, _subject(operator, notes), _body(notes))

    def _editable(self, genome: Genome, task: Task) -> list[str]:
        search = task.search
        key = (genome.tree, search.editable, search.protected)
        return self._paths.get(
            key,
            lambda: [
                path
                for path in genome.paths
                if path.endswith(".py")
                and matches(path, search.editable)
                and not matches(path, search.protected)
            ],
        )

    def _order(self, paths: list[str], task: Task, *, crossing: bool) -> list[str]:
        """A few files in random order; in a crossover those first in which the parents differ."""
        chosen = task.random.sample(paths, min(len(paths), _FILES_TRIED * 4))
        if crossing:
            mine, theirs = task.parents[0], task.parents[1]
            chosen.sort(key=lambda path: _read(mine, path) == _read(theirs, path))
        return chosen[:_FILES_TRIED]

    def _file(self, path: str, task: Task, *, crossing: bool) -> tuple[bytes, list[Edited]] | None:
        data = _read(task.parents[0], path)
        index = self._index(data)
        if data is None or index is None or not (index.sites or index.statements):
            return None
        others = task.parents[1:] if crossing else ()
        donors = self._donors(path, [*others, *task.inspirations], data)
        extra = self._extra(data, index, task.search.primitives)
        ground = Ground(index, extra, task.random, donors)
        for _ in range(3):
            edits = _edits(ground, CROSSOVERS if crossing and donors else MUTATIONS)
            content = _checked(index, edits) if edits else None
            if content is not None:
                return content, edits
        return None

    def _index(self, data: bytes | None) -> Index | None:
        return None if data is None else self._indexes.get(data, lambda: _indexed(read(data)))

    def _extra(self, data: bytes, index: Index, snippets: tuple[str, ...]) -> list[Template]:
        parsed = self._primitives.get(snippets, lambda: primitives(snippets))
        return self._templates.get((data, snippets), lambda: templates(index, parsed))

    def _donors(self, path: str, genomes: Sequence[Genome], own: bytes) -> list[Index]:
        found: list[Index] = []
        for genome in genomes:
            data = _read(genome, path)
            index = self._index(data) if data != own else None
            if index is not None:
                found.append(index)
        return found


def _edits(ground: Ground, first: dict[Mutation, float]) -> list[Edited]:
    """One edit chosen from ``first`` and a geometric number of mutations after it.

    An edit that seems to change nothing but the text is kept if it makes that shorter, as a bonus,
    and else mostly dropped: either way another one follows.
    """
    done: list[Edited] = []
    table, known = first, _behaviours(ground.index.source)
    for _ in range(_INERT):
        edit = _edit(ground, table) or _edit(ground, MUTATIONS)
        if edit is None:
            return done
        before, found = ground.index.source, _behaviours(edit.source)
        inert = found is not None and found == known
        if inert and len(edit.source.text) >= len(before.text) and ground.random.random() > DRIFT:
            continue
        done.append(edit)
        known = found
        if not inert and ground.random.random() >= MORE_EDITS:
            return done
        table = MUTATIONS
        index = build(edit.source, editable_ranges(edit.source.text))
        ground = Ground(index, ground.templates, ground.random, ground.donors)
    return done


def _behaviours(source: Source) -> tuple[Hashable, ...] | None:
    return behaviours(source.tree, source.text)


class _Cache(Generic[K, V]):
    """Keeps the values of the keys used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of ``key``, made if it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value


def _indexed(source: Source | None) -> Index | None:
    return None if source is None else build(source, editable_ranges(source.text))


def _read(genome: Genome, path: str) -> bytes | None:
    try:
        return genome.read(path)
    except KeyError:
        return None


def _edit(ground: Ground, table: dict[Mutation, float]) -> Edited | None:
    names, weights = list(table), list(table.values())
    for mutation in ground.random.choices(names, weights, k=_ATTEMPTS):
        edit = mutation(ground)
        if edit is not None:
            return edit
    return None


def _checked(index: Index, edits: Sequence[Edited]) -> bytes | None:
    """The new content if it holds all that the class promises of an offspring."""
    before, after = index.source, edits[-1].source
    if same(before.tree, after.tree) or not outside_unchanged(before.text, after.text):
        return None
    return after.encoded() if compiles(after) else None


def _subject(operator: str, notes: Sequence[tuple[str, Edited]]) -> str:
    path, edit = notes[0]
    where = edit.where or path.rpartition("/")[2]
    more = f"; {len(notes) - 1} more" if len(notes) > 1 else ""
    return clean_line(f"{operator} {where}: {edit.note} (line {edit.line}){more}", 160)


def _body(notes: Sequence[tuple[str, Edited]]) -> str:
    if len(notes) < 2:
        return ""
    lines = (f"- {path}:{edit.line}: {edit.note}" for path, edit in notes[:20])
    return "\n".join(clean_line(line, 200) for line in lines)


def genetic(setup: Setup) -> Callable[[], Agent]:
    """The agent kind ``genetic``; it needs nothing of the worker."""
    del setup
    return GeneticAgent
