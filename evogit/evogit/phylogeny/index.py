"""What the rest of the system asks about everything that evolved.

A disposable view: it is rebuilt from the repository at any time, and two hosts that have the same
refs see the same. Individuals are numbered from 0, the base; numbers are stable while the object
lives and mean nothing elsewhere.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from evogit.errors import NotFoundError
from evogit.genome.measures import Measures
from evogit.git.repository import GitRepository
from evogit.ids import BASE_REF, JOURNALS, CommitId, TreeId, natural
from evogit.outcome import Outcome
from evogit.phylogeny import ancestry, arrivals, cache, decisions, glance, tags
from evogit.phylogeny.activity import Activity
from evogit.phylogeny.arms import Arms
from evogit.phylogeny.history import History, histories
from evogit.phylogeny.individuals import Individuals
from evogit.phylogeny.judgements import Judgements
from evogit.phylogeny.ledger import SCORED, Spent
from evogit.phylogeny.messages import trailers_of
from evogit.phylogeny.patches import Patches
from evogit.phylogeny.quarantine import Quarantine
from evogit.phylogeny.reading import read_commit
from evogit.phylogeny.sizes import growth
from evogit.phylogeny.state import State
from evogit.phylogeny.tips import Tips, sort_refs
from evogit.phylogeny.views import AttemptLog, AttemptRow, EvaluationLog
from evogit.records import Decision, Evaluation, Spend
from evogit.steering.state import derive, holding

_SAVE_AFTER: Final = 1000


class Phylogeny:
    """The individuals of a swarm, how they descend, how they were judged, what was decided.

    Safe to use from several threads; ``refresh`` by any of them shows the news to all.

    Args:
        git: the swarm repository.
        evaluator: whose scores count: only evaluations of exactly this evaluator ...
        environment: ... in exactly this environment give an individual its score.
        maximize: whether a higher score is better.
        cache: a file to reopen quickly from; a missing, damaged or foreign one is replaced.

    Raises:
        NotFoundError: the repository has no ``refs/heads/main``.
        GitError: git can not read the history.
    """

    def __init__(
        self,
        git: GitRepository,
        *,
        evaluator: TreeId,
        environment: str,
        maximize: bool,
        cache: Path | None = None,
    ) -> None:
        base = git.ref(BASE_REF)
        if base is None:
            raise NotFoundError(f"{git.path} has no base", hint="run evogit init")
        self._git = git
        self._cache = cache
        self._identity = [base, evaluator, environment]
        self._maximize = maximize
        self._lock = threading.RLock()
        self._version = 0
        self._refs: Mapping[str, CommitId] | None = None
        self._tips = Tips({}, {}, (), {}, ())
        self._children = ancestry.Children()
        self._patches = Patches(git)
        self._active: list[tuple[CommitId, Decision]] | None = None
        self._pruning: decisions.Pruning | None = None
        self._state = self._new_state()
        damaged = cache is not None and not self._restored(cache)
        if damaged:
            self._state = self._new_state()
        self._judgements = Judgements(git, self._state)
        self.activity = Activity(git, self._state, self._lock)
        self.arms = Arms(self._state, self._lock)
        self.quarantine = Quarantine(git, self._state, self._lock)
        self.measures = Measures(git, self.tree(0))
        self._saved = self._size() if len(self) > 1 else 0
        self.refresh()
        if damaged and cache is not None and cache.exists():
            self.save()  # else every command reads all of it again, until a worker comes

    def _new_state(self) -> State:
        base, evaluator, environment = self._identity
        return State(
            self._git.commit(CommitId(base)),
            evaluator=TreeId(evaluator),
            environment=environment,
            maximize=self._maximize,
        )

    def _restored(self, path: Path) -> bool:
        # The columns may be of another swarm with the same base; then its tips are not here. And what
        # they hold of a journal that somebody removed, or put back, is to be forgotten with it.
        if not cache.restore(self._state, path, self._identity):
            return False
        if not all(self._git.has(tip) for tip in self._state.seen.values()):
            return False
        held: dict[str, list[CommitId]] = {}
        for writer, _, tip in sort_refs(self._git.refs_under("refs/")).journals:
            held.setdefault(writer, []).append(tip)
        heads = self._state.journals.heads.items()
        return all(
            any(self._git.descends(tip, CommitId(head.hex())) for tip in held.get(writer, ()))
            for writer, head in heads
        )

    # ------------------------------------------------------------------ keeping up to date

    def refresh(self) -> bool:
        """Take in what the repository gained; True if any ref moved since the last time.

        Raises:
            GitError: git can not read the history.
        """
        with self._lock:
            refs = self._git.refs_under("refs/")
            if refs == self._refs:
                return False
            tips = sort_refs(refs)
            self._read(tips)
            self._tips = tips
            self._refs = refs
            self._version += 1
            if self._cache is not None and self._size() >= self._saved * 1.1 + _SAVE_AFTER:
                self.save()
            return True

    @property
    def version(self) -> int:
        """Grows whenever a refresh, by whatever thread, took something in."""
        return self._version

    def save(self) -> None:
        """Write the cache file now, if there is one to write."""
        with self._lock:
            if self._cache is not None:
                cache.save(self._state, self._cache, self._identity)
                self._saved = self._size()

    def _size(self) -> int:
        return len(self) + len(self._state.journals.entries) // 20

    def _read(self, tips: Tips) -> None:
        decided = len(self._state.ledger.decisions)
        arrivals.read(self._git, self._state, self._identity[0], tips)
        if len(self._state.ledger.decisions) != decided:
            self._active = None
            self._pruning = None
        elif self._pruning is not None and self._pruning.unresolved:
            self._pruning = None

    # ------------------------------------------------------------------ one individual

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, commit: object) -> bool:
        return isinstance(commit, str) and self._find(CommitId(commit)) is not None

    @property
    def _table(self) -> Individuals:
        return self._state.individuals

    def _find(self, commit: CommitId) -> int | None:
        try:
            return self._table.ids.rows.get(bytes.fromhex(commit))
        except ValueError:
            return None

    def index(self, commit: CommitId) -> int:
        """The number of an individual.

        Raises:
            NotFoundError: no individual has this id.
        """
        row = self._find(commit)
        if row is None:
            raise NotFoundError(f"{commit[:40]!r} is not an individual of this swarm")
        return row

    def commit(self, i: int) -> CommitId:
        """The id of individual ``i``."""
        return CommitId(self._table.ids[i].hex())

    def tree(self, i: int) -> TreeId:
        """Its genome."""
        return TreeId(self._state.genomes.ids[self._table.tree_rows[i]].hex())

    def growth(self, a: int, b: int) -> int:
        """How many bytes of files ``b`` holds more than ``a``; read from git."""
        return growth(self._git, self.tree(a), self.tree(b))

    def parents(self, i: int) -> tuple[int, ...]:
        """Its parents, first parent first; those that do not descend from the base are left out."""
        return self._table.parents(i)

    def children(self, i: int) -> Sequence[int]:
        """Its children in reading order."""
        with self._lock:
            return self._children.of(self._table, i)

    def agent(self, i: int) -> str:
        """The agent its trailers name; empty for a human's commit."""
        return self._table.names.names[self._table.agents[i]]

    def operator(self, i: int) -> str:
        """The operator its trailers name; empty for a human's commit."""
        return self._table.names.names[self._table.operators[i]]

    def subject(self, i: int) -> str:
        """The first line of its message, clean."""
        return self._table.subject(i)

    def step(self, i: int) -> int:
        """The step its trailers name, or 0."""
        return self._table.steps[i]

    def time(self, i: int) -> int:
        """Its commit date in seconds since 1970, never beyond what ``datetime`` can bear."""
        return self._table.times[i]

    def generation(self, i: int) -> int:
        """0 for the base, else one more than its parents' highest."""
        return self._table.generations[i]

    def trailers(self, i: int) -> Mapping[str, str]:
        """All its ``Evogit-`` trailers, by name in lower case without the prefix; read from git."""
        raw = read_commit(self._git, self._table.ids[i])
        return {} if raw is None else trailers_of(raw[4])

    # ------------------------------------------------------------------ judgement

    def outcome(self, i: int) -> Outcome | None:
        """How its tree was judged, or ``None`` if it was not yet.

        With repeats: ``Scored`` with the mean, if all were scored; else the first that was not.
        """
        with self._lock:
            return self._judgements.outcome(self._table.tree_rows[i])

    def score(self, i: int) -> float | None:
        """Its score in the evaluator's unit: the mean over search and repeats, if all are scored."""
        genome = self._table.tree_rows[i]
        if self._state.genomes.statuses[genome] != SCORED:
            return None
        return self._state.genomes.scores[genome]

    def fitness(self, i: int) -> float:
        """Its score with the sign that makes higher better; NaN without one."""
        score = self.score(i)
        return math.nan if score is None else score * self._state.sign

    def standing(self, i: int) -> glance.Standing:
        """How it was judged, in one word; like ``judged_at`` it never waits for a refresh."""
        return glance.standing(self._state, i)

    def judged_at(self, i: int) -> float | None:
        """When it was last judged, in seconds since 1970, or ``None``."""
        return glance.judged_at(self._state, i)

    def evaluation(self, tree: TreeId, seed: int = 0, purpose: str = "search") -> Evaluation | None:
        """The record for this exact key (the newest, if hosts made several), or ``None``."""
        with self._lock:
            genome = self._genome(tree)
            return None if genome is None else self._judgements.evaluation(genome, seed, purpose)

    def judges(self, i: int) -> set[str]:
        """In whose journals its tree was judged."""
        with self._lock:
            ledger = self._state.ledger
            rows = ledger.evaluations_of(self._table.tree_rows[i])
            return {ledger.names.names[ledger.writers[row]] for row in rows}

    def evaluations(self) -> Sequence[Evaluation]:
        """All evaluations by this evaluator and environment, in order; read from git on access."""
        with self._lock:
            return EvaluationLog(self._git, self._state.ledger)

    def histories(self) -> list[History]:
        """How each individual was made and judged, by their numbers; from the columns alone."""
        with self._lock:
            return histories(self._state)

    @property
    def direction(self) -> Literal["maximize", "minimize"]:
        """Which scores are better."""
        return "maximize" if self._maximize else "minimize"

    def repeated(self) -> list[list[float]]:
        """The scores of every tree that was judged more than once, hold-outs left out."""
        with self._lock:
            return self._judgements.repeated()

    @property
    def evaluation_count(self) -> int:
        """How many there are."""
        return len(self._state.ledger.times)

    def best(self, k: int = 1, *, alive_only: bool = True) -> list[int]:
        """The ``k`` fittest individuals, one per tree, fittest first; earlier trees win ties.

        Args:
            k: how many at most.
            alive_only: leave out pruned ones.
        """
        found: list[int] = []
        with self._lock:
            for _, genome in self._state.ranked():
                if len(found) >= k:
                    break
                rows = self._with_genome(genome)
                row = next((r for r in rows if not (alive_only and self.pruned(r))), None)
                if row is not None:
                    found.append(row)
        return found

    def best_so_far(self) -> list[tuple[int, float]]:
        """Each time a record fell: (how many evaluations came before, the new best score)."""
        with self._lock:
            return self._judgements.best_so_far()

    def _genome(self, tree: TreeId) -> int | None:
        try:
            return self._state.genomes.ids.rows.get(bytes.fromhex(tree))
        except ValueError:
            return None

    def _with_genome(self, genome: int) -> list[int]:
        found: list[int] = []
        row = self._state.genomes.newest[genome]
        while row >= 0:
            found.append(row)
            row = self._table.twins[row]
        found.reverse()
        return found

    def by_tree(self, tree: TreeId) -> int | None:
        """The first individual with this tree."""
        genome = self._genome(tree)
        rows = [] if genome is None else self._with_genome(genome)
        return rows[0] if rows else None

    def duplicates(self, i: int) -> list[int]:
        """Others with the same tree; if there is none, those near it that made the same change."""
        same = [row for row in self._with_genome(self._table.tree_rows[i]) if row != i]
        if same:
            return same
        with self._lock:
            return self._patches.same_change(self._table, i)

    # ------------------------------------------------------------------ population and descent

    @property
    def tips(self) -> dict[str, int]:
        """The individual at every branch, agents' and humans', this host's and others'."""
        found = {name: self._find(tip) for name, tip in self._tips.heads.items()}
        return {name: row for name, row in found.items() if row is not None}

    def population(self) -> list[int]:
        """The distinct tips neither pruned nor held, by agent name (a2 before a10); else the base."""
        tips = self.tips
        rows = [tips[name] for name in sorted(tips, key=natural)]
        holds = self.quarantine.holds
        return [r for r in dict.fromkeys(rows) if not self.pruned(r) and not holds(r)] or [0]

    def leaves(self) -> list[int]:
        """Individuals without children."""
        with self._lock:
            return self._children.leaves(self._table)

    def lineage(self, i: int) -> list[int]:
        """Its first-parent chain, newest first, ending with the base."""
        return ancestry.lineage(self._table, i)

    def ancestors(self, i: int) -> set[int]:
        """All its proper ancestors."""
        return ancestry.ancestors(self._table, i)

    def is_ancestor(self, a: int, b: int) -> bool:
        """Whether ``a`` is ``b`` or one of its ancestors."""
        return ancestry.is_ancestor(self._table, a, b)

    def merge_base(self, a: int, b: int) -> int:
        """One common ancestor from which no other descends: the highest generation, oldest first."""
        return ancestry.merge_base(self._table, a, b)

    # ------------------------------------------------------------------ journals

    def attempts(self, agent: str) -> Sequence[AttemptRow]:
        """One agent's attempts in order."""
        with self._lock:
            return AttemptLog(self._state.ledger, agent)

    def last_step(self, agent: str) -> int:
        """The highest step this agent made an attempt in, or 0."""
        return self._state.ledger.last_steps.get(agent, 0)

    @property
    def agents(self) -> list[str]:
        """Every agent that ever made an attempt."""
        return sorted(self._state.ledger.last_steps, key=natural)

    @property
    def reservations(self) -> dict[tuple[str, int], Spend]:
        """What each (agent, step) reserved that no attempt has settled yet."""
        with self._lock:
            return dict(self._state.ledger.open_leases)

    @property
    def spent(self) -> Spent:
        """What all attempts and evaluations cost, under any evaluator."""
        return self._state.ledger.spent

    @property
    def reserved(self) -> Spend:
        """What open reservations hold: those without an attempt of the same agent and step."""
        with self._lock:
            return self._state.ledger.reserved

    @property
    def decisions(self) -> list[tuple[CommitId, Decision]]:
        """Every decision with its journal entry, by time, then by id."""
        with self._lock:
            return [(entry, decision) for _, entry, decision in self._state.ledger.decisions]

    def active_decisions(self) -> list[tuple[CommitId, Decision]]:
        """Those that are not undone, without the undo and redo decisions themselves."""
        with self._lock:
            if self._active is None:
                self._active = holding(self.decisions)
            return list(self._active)

    def pruned(self, i: int) -> bool:
        """Whether it, or an ancestor, was pruned and not restored since."""
        known = self._pruning
        if known is not None and known.knows(i):
            return known.pruned(self._table, i)  # without waiting for a refresh
        with self._lock:
            if self._pruning is None:
                self._pruning = decisions.Pruning(self.active_decisions(), self._find)
            return self._pruning.pruned(self._table, i)

    @property
    def pinned(self) -> set[int]:
        """Individuals that are pinned."""
        rows = (self._find(commit) for commit in derive(self.decisions).pinned)
        return {row for row in rows if row is not None}

    @property
    def tags(self) -> dict[str, int]:
        """Individuals by tag: what humans of all hosts decided last, and tags made here by hand."""
        return tags.named(self._git, self.decisions, self._tips.tags, self._find)

    def newer_journals(self) -> dict[str, bool]:
        """Writers of records that only a newer EvoGit can read; whether this clone's journal has them.

        What others wrote under the name of one of ours, and our journal does not hold, is not ours.
        """
        with self._lock:
            newer = {writer: entry.hex() for writer, entry in self._state.journals.newer.items()}
        return {writer: self._holds(JOURNALS + writer, entry) for writer, entry in newer.items()}

    def _holds(self, ref: str, entry: str) -> bool:
        tip = self._git.ref(ref)
        return tip is not None and self._git.descends(tip, CommitId(entry))

    @property
    def problems(self) -> list[str]:
        """What could not be read or was refused, for ``evogit doctor``."""
        return [*self._tips.problems, *self._state.problems]
