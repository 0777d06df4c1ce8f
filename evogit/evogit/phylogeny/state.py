"""All columns of a phylogeny together, and how commits get into them."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final

from evogit.git.repository import Commit
from evogit.ids import TreeId
from evogit.phylogeny.believed import believed
from evogit.phylogeny.individuals import Genomes, Individuals
from evogit.phylogeny.journals import Journals
from evogit.phylogeny.ledger import SCORED, Ledger
from evogit.phylogeny.messages import provenance_of, subject_of
from evogit.phylogeny.reading import Raw, clamp_time
from evogit.steering.state import derive

MAX_PROBLEMS: Final = 1000


class State:
    """What was read so far. One thread at a time may change it; see ``Phylogeny``.

    Args:
        base: the commit evolution started from: row 0.
        evaluator: whose scores count.
        environment: in which environment.
        maximize: whether a higher score is better.
    """

    def __init__(
        self, base: Commit, *, evaluator: TreeId, environment: str, maximize: bool
    ) -> None:
        self.individuals = Individuals()
        self.genomes = Genomes()
        self.ledger = Ledger(self.genomes, evaluator=evaluator, environment=environment)
        self.journals = Journals()
        self.seen: dict[str, str] = {}
        """Journal refs and branches as they were when last read."""
        self.foreign: set[bytes] = set()
        """Commits that do not descend from the base."""
        self.problems: list[str] = []
        self.sign = 1.0 if maximize else -1.0
        self._ranked: list[tuple[float, int]] | None = None
        self._decided = -1
        self._unresolved = False
        tree = bytes.fromhex(base.tree)
        self._append((bytes.fromhex(base.id), tree, [], clamp_time(base.time), base.message), [])

    def take(self, commits: Iterable[Raw]) -> None:
        """Add commits, parents before children; journal entries wait for ``accept``."""
        rows = self.individuals.ids.rows
        foreign = self.foreign
        journals = self.journals
        for raw in commits:
            name, _, parents, _, _ = raw
            if name in rows or name in foreign:
                continue
            if not parents or parents[0] not in rows:
                if (not parents or parents[0] not in foreign) and journals.take(raw):
                    continue
                if not any(parent in rows for parent in parents):
                    foreign.add(name)
                    continue
            self._append(raw, [rows[parent] for parent in parents if parent in rows])

    def _append(self, raw: Raw, parents: list[int]) -> None:
        name, tree, _, when, message = raw
        genome = self.genomes.add(tree)
        twin = self.genomes.newest[genome]
        if len(parents) > 1:
            parents = list(dict.fromkeys(parents))
        self.genomes.newest[genome] = self.individuals.append(
            name, genome, parents, when, subject_of(message), provenance_of(message), twin
        )

    def accept(self, journals: Iterable[tuple[str, str, str]]) -> None:
        """Take in what the journals gained and note what is refused.

        Args:
            journals: (writer, ref, tip), copies to be preferred first.
        """
        now = time.time()
        touched = self._release()  # what a cache brought was judged by the decisions in it
        for writer, ref, tip in journals:
            if self.seen.get(ref) == tip:
                continue
            before = self.seen.get(ref)
            raw = bytes.fromhex(tip)
            if self.journals.rewound(raw, bytes.fromhex(before) if before else None):
                self.note(f"{ref} went back to an earlier entry; what was read stays")
            entries, problems = self.journals.accept(writer, raw)
            for problem in problems:
                self.note(f"{ref}: {problem}")
            for entry, place, row in entries:
                genome = self.ledger.add(entry, place, believed(writer, row, now), writer)
                if genome is not None:
                    touched.add(genome)
        for genome in touched | self._release():
            self._judge(genome)
        self.journals.forget_staged()

    def _release(self) -> set[int]:
        """Follow the decisions on quarantine; the genomes whose judgement that may change.

        A release is about an individual, and what it lets go is its genome. One that names an
        individual not read yet is looked at again when more was read.
        """
        ledger = self.ledger
        if len(ledger.decisions) == self._decided and not self._unresolved:
            return set()
        self._decided = len(ledger.decisions)
        chosen = derive([(entry, found) for _, entry, found in ledger.decisions]).released
        rows = [self.individuals.ids.rows.get(bytes.fromhex(commit)) for commit in chosen]
        self._unresolved = None in rows
        before = ledger.released
        ledger.released = frozenset(
            self.individuals.tree_rows[row] for row in rows if row is not None
        )
        return set(before ^ ledger.released)

    def note(self, problem: str) -> None:
        """Keep a problem for ``evogit doctor``: each once, at most 1,000."""
        if len(self.problems) < MAX_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def _judge(self, genome: int) -> None:
        old = self._rank_key(genome)
        self.ledger.judge(genome)
        new = self._rank_key(genome)
        if self._ranked is not None and old != new:
            if old is not None:
                del self._ranked[bisect_left(self._ranked, old)]
            if new is not None:
                insort(self._ranked, new)

    def _rank_key(self, genome: int) -> tuple[float, int] | None:
        genomes = self.genomes
        if genomes.statuses[genome] != SCORED:
            return None
        return -self.sign * genomes.scores[genome], genome

    def ranked(self) -> list[tuple[float, int]]:
        """(minus fitness, genome) of every scored genome, fittest first; kept up to date."""
        if self._ranked is None:
            keys = (self._rank_key(genome) for genome in range(len(self.genomes.ids)))
            self._ranked = sorted(key for key in keys if key is not None)
        return self._ranked
