"""The genetic agent: picks files by chance and lets the editor of each file's language change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath
from random import Random
from typing import Final

from evogit.errors import ConfigError
from evogit.paths import matches
from evogit.proposals import Agent, Arm, Genome, NoProposal, Proposal, Setup, Task
from evogit.records import Spend
from evogit.text import clean_line
from evogit_agents.genetic.curves import OPERATOR as BEND
from evogit_agents.genetic.editor import Cache, Editor, Note, Place
from evogit_agents.genetic.python import PythonEditor
from evogit_agents.genetic.trees.editor import TreeEditor
from evogit_agents.genetic.trees.grammar import GRAMMARS
from evogit_agents.genetic.tuning.tune import OPERATOR as TUNE
from evogit_agents.genetic.tuning.tune import Tuned, tuned

SECOND_FILE: Final = 0.05
TUNING: Final = 0.1
"""The share of mutations that change all constants of a file together."""

HEIGHTS: Final = 0.9
"""For an agent that draws curves: the share of steps that tune an individual which has some."""
BENDING: Final = 0.07
"""The share of steps that add another curve."""

ADAPTIVE: Final = "adaptive"
CURVES: Final = "curves"
_CHOICES: Final = 3
_FILES_TRIED: Final = 16
_PYTHON: Final = ".py"


class GeneticAgent:
    """Mutates and crosses source files by their syntax. No model, no key, no cost.

    Crossovers are recorded as ``cross`` (grafts from the second parent), mutations by the name of
    their first edit, and constants tuned together as ``tune``. Files of unknown languages, that do
    not parse, or are larger than 256 KB are left alone. Offspring parse (Python compiles), differ
    from the first parent in more than layout and comments, and keep every byte outside the edited
    spans. The same task with the same random state gives the same proposal.

    Args:
        sign: -1 if a lower score is better, else 1.
        only_tune: make no other offspring than by ``tune``.
        draws: of so many mutations, drawn by the operators' rates, one is made (``Past.choose``).
        curves: draw a curve where there is none yet, else mostly tune.
    """

    kind = "genetic"

    def __init__(
        self,
        sign: float = 1.0,
        *,
        only_tune: bool = False,
        draws: int = 1,
        curves: bool = False,
    ) -> None:
        self._sign = sign
        self._only_tune = only_tune
        self._draws = draws
        self._curves = curves
        trees = TreeEditor()
        self._editors: dict[str, Editor] = {
            _PYTHON: PythonEditor(),
            **dict.fromkeys(GRAMMARS, trees),
        }
        self._paths = Cache[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]](32)

    def worst_case(self) -> Spend:
        """Nothing: no model is asked."""
        return Spend()

    def propose(self, task: Task) -> Proposal | NoProposal:
        """One offspring by a few random edits of one file, seldom of two."""
        crossing = task.operator == "cross" and len(task.parents) > 1 and not self._only_tune
        operator = "cross" if crossing else TUNE if self._only_tune else "mutate"
        if not task.parents:
            return NoProposal(operator, "there is no parent to change")
        paths = self._editable(task.parents[0], task)
        if not paths:
            return NoProposal(operator, "the parent has no editable file of a known language")
        if crossing:
            return self._edit(paths, task, crossing=True)
        return self._favoured([self._mutated(paths, task) for _ in range(self._draws)], task)

    def _mutated(self, paths: list[str], task: Task) -> Proposal | NoProposal:
        if self._curves:
            proposal = self._curve(paths, task)
            if proposal is not None:
                return proposal
        if self._only_tune or task.random.random() < TUNING:
            proposal = self._tune(paths, task)
            if proposal is not None:
                return proposal
        if self._only_tune:
            return NoProposal(TUNE, "the parent has no constants to tune")
        return self._edit(paths, task, crossing=False)

    def _favoured(self, drawn: list[Proposal | NoProposal], task: Task) -> Proposal | NoProposal:
        """Of several mutations the one whose operator has gained more so far."""
        made = {Arm(one.operator): one for one in drawn if isinstance(one, Proposal)}
        if len(made) < 2:
            return next(iter(made.values()), drawn[0])
        return made[task.past.choose(list(made), Random(task.random.getrandbits(64)))]

    def _edit(self, paths: list[str], task: Task, *, crossing: bool) -> Proposal | NoProposal:
        wanted = 2 if task.random.random() < SECOND_FILE else 1
        changes: dict[str, bytes | None] = {}
        notes: list[tuple[str, Note]] = []
        for path in self._order(paths, task, crossing=crossing):
            made = self._file(path, task, crossing=crossing)
            if made is not None:
                changes[path], edits = made
                notes += [(path, edit) for edit in edits]
            if len(changes) == wanted:
                break
        if not changes:
            operator = "cross" if crossing else "mutate"
            return NoProposal(operator, "found no edit of an editable file that parses")
        operator = "cross" if crossing else notes[0][1].operator
        return Proposal(operator, changes, _subject(operator, notes), _body(notes))

    def _curve(self, paths: list[str], task: Task) -> Proposal | None:
        path = task.random.choice(paths)
        data, editor = _read(task.parents[0], path), self._editor(path)
        if data is None or editor is None:
            return None
        constants, roll = editor.tunable(path, data), task.random.random()
        curved = constants is not None and constants.curved
        if curved and roll < HEIGHTS:
            return self._tune([path], task)
        if curved and roll > HEIGHTS + BENDING:
            return None
        made = editor.bend(Place(path, data, (), (), task.search, task.random))
        if made is None:
            return None
        content, edits = made
        return Proposal(BEND, {path: content}, _subject(BEND, [(path, edit) for edit in edits]))

    def _tune(self, paths: list[str], task: Task) -> Proposal | None:
        parent = task.parents[0]
        for path in self._order(paths, task, crossing=False):
            data, editor = _read(parent, path), self._editor(path)
            constants = editor.tunable(path, data) if editor and data is not None else None
            if editor is None or data is None or constants is None:
                continue
            read = partial(editor.tunable, path)
            made = tuned(constants, parent, path, task.past, self._sign, task.random, read)
            if made is not None and editor.accepts(path, data, made.data):
                return Proposal(TUNE, {path: made.data}, _tuning(path, made))
        return None

    def _editor(self, path: str) -> Editor | None:
        return self._editors.get(PurePosixPath(path).suffix)

    def _editable(self, genome: Genome, task: Task) -> list[str]:
        search = task.search
        key = (genome.tree, search.editable, search.protected)
        return self._paths.get(
            key,
            lambda: [
                path
                for path in genome.paths
                if self._editor(path) is not None
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

    def _file(self, path: str, task: Task, *, crossing: bool) -> tuple[bytes, list[Note]] | None:
        data, editor = _read(task.parents[0], path), self._editor(path)
        if data is None or editor is None:
            return None
        partners = _others(path, task.parents[1:] if crossing else (), data)
        donors = _others(path, task.inspirations, data)
        return editor.edit(Place(path, data, partners, donors, task.search, task.random))


def _others(path: str, genomes: Sequence[Genome], own: bytes) -> list[bytes]:
    found = (_read(genome, path) for genome in genomes)
    return [data for data in found if data is not None and data != own]


def _read(genome: Genome, path: str) -> bytes | None:
    try:
        return genome.read(path)
    except KeyError:
        return None


def _subject(operator: str, notes: Sequence[tuple[str, Note]]) -> str:
    path, edit = notes[0]
    where = edit.where or path.rpartition("/")[2]
    more = f"; {len(notes) - 1} more" if len(notes) > 1 else ""
    return clean_line(f"{operator} {where}: {edit.text} (line {edit.line}){more}", 160)


def _body(notes: Sequence[tuple[str, Note]]) -> str:
    if len(notes) < 2:
        return ""
    lines = (f"- {path}:{edit.line}: {edit.text}" for path, edit in notes[:20])
    return "\n".join(clean_line(line, 200) for line in lines)


def _tuning(path: str, made: Tuned) -> str:
    before, after = made.first
    more = f" and {made.changed - 1} more" if made.changed > 1 else ""
    where = f"{TUNE} {path.rpartition('/')[2]}"
    return clean_line(f"{where}: {before} to {after}{more}, generation {made.generation}", 160)


def genetic(setup: Setup) -> Callable[[], Agent]:
    """The agent kind ``genetic``.

    ``genetic:tune`` changes nothing but constants. ``genetic:adaptive`` prefers the operators that
    gained more in this swarm: adaptive operator selection (Fialho, Schoenauer and Sebag, GECCO
    2010) on top of the rates, so that none is ever given up. ``genetic:curves`` adds curves to what
    Python functions return and tunes their heights, seldom anything else.

    Raises:
        ConfigError: for another argument.
    """
    if setup.argument not in ("", TUNE, ADAPTIVE, CURVES):
        raise ConfigError(
            f"genetic:{setup.argument} is no kind of agent",
            hint=f"use genetic, genetic:{TUNE}, genetic:{ADAPTIVE} or genetic:{CURVES}",
        )
    sign = -1.0 if setup.settings.evaluate.direction == "minimize" else 1.0
    draws = _CHOICES if setup.argument == ADAPTIVE else 1
    only_tune, curves = setup.argument == TUNE, setup.argument == CURVES
    return lambda: GeneticAgent(sign, only_tune=only_tune, draws=draws, curves=curves)
