"""The contract between the kernel and what proposes offspring: agents and strategies.

Both are found through entry points (``evogit.agents``, ``evogit.strategies``); see ``plugins``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from evogit.config.model import Search, Settings
from evogit.ids import CommitId, TreeId
from evogit.outcome import Outcome
from evogit.records import Spend

if TYPE_CHECKING:
    from evogit.git.merge import Conflict
    from evogit.phylogeny.index import Phylogeny
    from evogit.redact import Redactor
    from evogit.sandbox.base import Runtime, Sandbox

MERGE = "merge"
"""The kernel's own operator: a three-way merge of two parents. Every operator not named here is an agent's."""

RESOLVE = "resolve"
"""A merge whose conflicts a ``Resolver`` decided."""

DISTILL = "distill"
"""What is left of a change when all is taken out that does not carry its gain."""


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

    ``paths`` lists every file, which takes long in a large repository and only when it is looked at:
    who knows a path rather tries to ``read`` it. ``read`` returns a file's content and raises ``KeyError`` for a
    path that is not in ``paths``. ``score`` is ``None`` unless the individual was scored.
    """

    commit: CommitId
    tree: TreeId
    paths: Sequence[str]
    read: Callable[[str], bytes]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """An earlier attempt from the same parent, and how it ended.

    ``subject`` says what its offspring changed, or why there is none; then ``genome`` is ``None``.
    ``outcome`` is in words, empty without a verdict. All of it is text from agents: untrusted.
    """

    agent: str
    operator: str
    subject: str
    outcome: str = ""
    score: float | None = None
    genome: Genome | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to make offspring that an agent may choose: an operator, by a model if there is one."""

    operator: str
    model: str = ""


class Past(Protocol):
    """What an agent may ask about what was tried before; read from the repository when asked."""

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        """What was tried from ``parent``, newest first."""
        ...

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        """Its first parent, that one's first parent and so on; without the individual itself."""
        ...

    def output(self, individual: Genome) -> str:
        """What judging the individual said: failed gates, standard error; empty if nothing."""
        ...

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        """One of ``arms``, which is not empty, in favour of what gained more for its cost."""
        ...


class NoPast:
    """For an agent without a swarm: nothing was tried, all arms are alike."""

    def trials(self, parent: Genome, most: int = 10) -> Sequence[Trial]:
        """Nothing."""
        del parent, most
        return ()

    def lineage(self, individual: Genome, most: int = 10) -> Sequence[Genome]:
        """Nobody."""
        del individual, most
        return ()

    def output(self, individual: Genome) -> str:
        """Nothing."""
        del individual
        return ""

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        """Any."""
        return random.choice(arms)


NOTHING_TRIED: Final = NoPast()


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent gets for one step. ``random`` is its only source of chance.

    ``base`` is the common ancestor from which two parents would be merged. ``conflicts`` are the
    files whose lines a ``Resolver`` has to decide, empty in any other step.
    """

    operator: str
    parents: Sequence[Genome]
    inspirations: Sequence[Genome]
    search: Search
    goal: str
    feedback: Sequence[str]
    random: Random
    past: Past = NOTHING_TRIED
    base: Genome | None = None
    conflicts: Sequence[Conflict] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Offspring as changes against the first parent: path to new content, ``None`` deletes.

    ``executable`` lists paths whose mode becomes 0755; others keep theirs (new files get 0644).
    ``subject`` is one line saying what changed. ``artefacts`` (prompt, response, ...) go to the journal.
    ``inspirations`` are individuals it read besides those of the step.
    """

    operator: str
    changes: Mapping[str, bytes | None]
    subject: str
    body: str = ""
    model: str = ""
    spend: Spend = Spend()
    executable: frozenset[str] = frozenset()
    artefacts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    inspirations: tuple[CommitId, ...] = ()


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Why there is no offspring, and what finding that out cost.

    ``pause`` is how many seconds the agent should wait before its next step (a provider that is
    busy); ``stop`` says that no further step of this agent can work (a refused key): it ends, and
    ``reason`` is told to the human.
    """

    operator: str
    reason: str
    model: str = ""
    spend: Spend = Spend()
    artefacts: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    pause: float = 0.0
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Setup:
    """What the agents of one kind in a worker are made from.

    Args:
        argument: what follows the colon of a kind such as ``llm:fast``; empty without one.
        settings: of the spec; a human trusted them.
        environment: variables of the worker's process, for the keys that the settings name.
        redactor: takes secrets out of what is sent or kept.
        folder: private to this worker, for scratch; may not exist yet.
        own: the user's folder of prompt and agent files that go before the built-in ones.
        stop: set once the worker must end; nothing may wait longer than it takes to notice.
        sandbox: runs what agents start.
        runtime: what that sandbox provides.
    """

    argument: str
    settings: Settings
    environment: Mapping[str, str]
    redactor: Redactor
    folder: Path
    own: Path
    stop: Event
    sandbox: Sandbox
    runtime: Runtime


class AgentKind(Protocol):
    """What an entry point of ``evogit.agents`` names: called once in each worker that has the kind."""

    def __call__(self, setup: Setup) -> Callable[[], Agent]:
        """A maker of agents, which may share clients and rate limits.

        Raises:
            ConfigError: the settings do not say enough, such as a model's price.
            PreconditionError: something it needs is not installed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of agent that could be named in ``search.agents``, and whether it would work here.

    Args:
        kind: its name, such as ``command:aider``.
        summary: one line saying what it is.
        works: whether it can be used on this machine.
        version: what a program it starts says of itself.
        reason: why it can not be used, and what helps; empty if it can.
        command: the argument list of the program it starts; empty if it starts none.
        variables: names of the environment variables that the program gets.
        record: the file that describes it, as a template for one's own; empty if there is none.
    """

    kind: str
    summary: str
    works: bool
    version: str = ""
    reason: str = ""
    command: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    record: str = ""


class DescribedKind(AgentKind, Protocol):
    """A kind of agents that can say what it offers; optional for an entry point."""

    def offers(self, setup: Setup) -> Sequence[Offer]:
        """What it offers here: all of it, or only what ``setup.argument`` names.

        Never raises for what does not work; may start the programs it is about in the sandbox.

        Raises:
            NotFoundError: there is nothing of the name in ``setup.argument``.
        """
        ...


class Agent(Protocol):
    """Proposes offspring. One instance per agent of a worker; used by one thread at a time.

    The kernel checks every proposal (paths, editable, protected, sizes) before it becomes an
    individual, so an agent need not be trusted.
    """

    kind: str

    def propose(self, task: Task) -> Proposal | NoProposal:
        """Make one offspring, or say why not. Must not raise for anything a parent's tree holds."""
        ...

    def worst_case(self) -> Spend:
        """An upper bound for one call of ``propose``; reserved before it starts. Zero if free."""
        ...


@runtime_checkable
class Resolver(Protocol):
    """An agent that can also decide the conflicting lines of a merge (``conflicts = "model"``)."""

    def resolve(self, task: Task) -> Proposal | NoProposal:
        """New content for exactly the files of ``task.conflicts``, or why there is none.

        The changes are laid over the merged tree, in which all else is decided. ``worst_case``
        bounds this as it bounds ``propose``.
        """
        ...
