"""The contract between the kernel and what proposes offspring: agents and strategies.

Both are found through entry points (``evogit.agents``, ``evogit.strategies``); see ``plugins``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Protocol

from evogit.config.model import Search
from evogit.ids import CommitId, TreeId
from evogit.outcome import Outcome
from evogit.records import Spend

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

MERGE = "merge"
"""The kernel's own operator: a three-way merge of two parents. Every other operator is an agent's."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a strategy wants next: an operator on parents, with individuals to read besides.

    ``operator`` is ``MERGE``, or a wish that the agent may narrow (``"mutate"``, ``"cross"``).
    """

    operator: str
    parents: tuple[CommitId, ...]
    inspirations: tuple[CommitId, ...] = ()


class Strategy(Protocol):
    """Chooses operator and parents, and accepts or rejects. Holds no state of its own.

    Everything a strategy remembers must be derivable from the phylogeny, so that any worker can
    be killed and restarted. Constructed with the spec's ``[search.options]`` as keyword arguments;
    an unknown or ill-typed option raises ``ConfigError``.
    """

    def plan(self, phylogeny: Phylogeny, agent: str, random: Random) -> Step:
        """The next step for ``agent``. The population holds at least the base."""
        ...

    def accepts(
        self,
        phylogeny: Phylogeny,
        agent: str,
        offspring: CommitId,
        outcome: Outcome,
        random: Random,
    ) -> bool:
        """Whether ``agent``'s branch moves to ``offspring``. Never true for anything but Scored."""
        ...


@dataclass(frozen=True, slots=True)
class Genome:
    """One individual as an agent reads it: a mapping of paths to bytes, read lazily.

    ``paths`` lists every file; ``read`` returns a file's content and raises ``KeyError`` for a
    path that is not in ``paths``. ``score`` is ``None`` unless the individual was scored.
    """

    commit: CommitId
    tree: TreeId
    paths: Sequence[str]
    read: Callable[[str], bytes]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent gets for one step. ``random`` is its only source of chance."""

    operator: str
    parents: Sequence[Genome]
    inspirations: Sequence[Genome]
    search: Search
    goal: str
    feedback: Sequence[str]
    random: Random


@dataclass(frozen=True, slots=True)
class Proposal:
    """Offspring as changes against the first parent: path to new content, ``None`` deletes.

    ``executable`` lists paths whose mode becomes 0755; others keep theirs (new files get 0644).
    ``subject`` is one line saying what changed. ``artefacts`` (prompt, response, ...) go to the journal.
    """

    operator: str
    changes: Mapping[str, bytes | None]
    subject: str
    body: str = ""
    model: str = ""
    spend: Spend = Spend()
    executable: frozenset[str] = frozenset()
    artefacts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Why there is no offspring, and what finding that out cost."""

    operator: str
    reason: str
    model: str = ""
    spend: Spend = Spend()
    artefacts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


class Agent(Protocol):
    """Proposes offspring. One instance per agent of a worker; used by one thread at a time.

    Constructed without arguments. The kernel checks every proposal (paths, editable, protected,
    sizes) before it becomes an individual, so an agent need not be trusted.
    """

    kind: str

    def propose(self, task: Task) -> Proposal | NoProposal:
        """Make one offspring, or say why not. Must not raise for anything a parent's tree holds."""
        ...

    def worst_case(self) -> Spend:
        """An upper bound for one call of ``propose``; reserved before it starts. Zero if free."""
        ...
