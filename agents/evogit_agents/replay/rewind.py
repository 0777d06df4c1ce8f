"""A swarm as it was at earlier moments, in a scratch repository beside it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evogit.git.repository import GitRepository
from evogit.ids import BASE_REF, HEADS, JOURNALS, SPEC_REF, CommitId
from evogit.phylogeny.index import Phylogeny
from evogit.phylogeny.tips import sort_refs
from evogit.records import Attempt
from evogit.swarm.journal import entries
from evogit.swarm.repository import Swarm, init_bare
from evogit.swarm.spec import Spec

_ROUNDING: Final = 0.001
"""Records hold times in milliseconds."""
_STRANGER: Final = HEADS + "parent"


@dataclass(frozen=True, slots=True)
class Past:
    """One attempt, and where its journal was before it."""

    entry: CommitId
    attempt: Attempt
    writer: str
    before: int

    @property
    def started(self) -> float:
        """Seconds since 1970, to about a millisecond."""
        return self.attempt.time - self.attempt.seconds


@dataclass(slots=True)
class _Chain:
    """A journal, oldest entry first; ``shown`` of them are visible now."""

    ref: str
    ids: list[CommitId]
    times: list[float]
    shown: int = 0


class Rewound:
    """Shows what a swarm's journals held at a moment; moments may only be asked for in order.

    What is written meanwhile goes to a scratch repository, which reads the swarm's objects and
    adds none to it. Branches are not shown: when they moved is not recorded.

    Args:
        swarm: is only read.
        folder: an empty folder for the scratch repository.
        environment: digest of the environment whose scores count.
    """

    def __init__(self, swarm: Swarm, folder: Path, environment: str) -> None:
        self.git: GitRepository = init_bare(folder / "then.git")
        alternates = folder / "then.git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{swarm.path / 'objects'}\n")
        self.git = GitRepository(folder / "then.git")
        self._environment = environment
        self._chains: dict[str, _Chain] = {}
        self._views: dict[str, Phylogeny] = {}
        self.attempts: list[Past] = []
        refs = swarm.git.refs_under("refs/")
        for name in (BASE_REF, SPEC_REF):
            self.git.move_refs({name: (None, refs[name])}, durable=False)
        for writer, _, tip in sort_refs(refs).journals:
            self._read(swarm.git, writer, tip)
        self.base = self.git.commit(refs[BASE_REF]).time
        """The date of the base; those of all individuals follow from it."""
        self.attempts.sort(key=lambda past: past.started)

    def _read(self, git: GitRepository, writer: str, tip: CommitId) -> None:
        if writer in self._chains:  # another host's copy of a journal that is here
            return
        chain = _Chain(JOURNALS + writer, [], [])
        seen = list(entries(git, tip))[::-1]
        newest = 0.0
        for number, entry in enumerate(seen):
            record = entry.record
            newest = max(newest, record.time if record is not None else 0.0)
            chain.ids.append(entry.id)
            chain.times.append(newest)
            if isinstance(record, Attempt):
                self.attempts.append(Past(entry.id, record, writer, number))
        self._chains[writer] = chain

    def show(self, past: Past) -> None:
        """Let the scratch repository hold what the swarm held when this attempt began."""
        moves: dict[str, tuple[CommitId | None, CommitId | None]] = {}
        for writer, chain in self._chains.items():
            shown = bisect_right(chain.times, past.started + _ROUNDING)
            if writer == past.writer:
                shown = min(shown, past.before)
            if shown > chain.shown:
                old = chain.ids[chain.shown - 1] if chain.shown else None
                moves[chain.ref] = (old, chain.ids[shown - 1])
                chain.shown = shown
        if moves:
            self.git.move_refs(moves, durable=False)

    def phylogeny(self, spec: Spec, needed: Sequence[CommitId]) -> Phylogeny:
        """The index of what is shown now, under one version of the spec, with some individuals.

        Those that nobody here made, as what people pushed, are taken from the swarm as needed.
        """
        found = self._views.get(spec.evaluator)
        if found is None:
            found = self._views[spec.evaluator] = Phylogeny(
                self.git,
                evaluator=spec.evaluator,
                environment=self._environment,
                maximize=spec.settings.evaluate.direction == "maximize",
            )
        found.refresh()
        for commit in needed:
            if commit not in found and self.git.has(commit):
                self.git.move_refs({_STRANGER: (self.git.ref(_STRANGER), commit)}, durable=False)
                found.refresh()
        return found
