"""One attempt of an ``llm`` agent once more, with the answers that are in its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from evogit.errors import ConfigError, EvoGitError
from evogit.evolve.directions import Directions
from evogit.evolve.novelty import ANSWERED_BEFORE, SAID_BEFORE
from evogit.evolve.offspring import Made, Nursery
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.proposals import MERGE, RESOLVE, Arm, NoProposal, Past, Proposal, Setup, Step, Task
from evogit.records import Attempt, Spend
from evogit.swarm.individuals import read_provenance
from evogit.swarm.journal import artefacts
from evogit.swarm.spec import Spec, read_spec, spec_versions
from evogit_agents.llm.agent import LlmAgent, equip
from evogit_agents.models.opening import room_of
from evogit_agents.models.recorded import Call, RecordedModel, read_calls
from evogit_agents.replay.rewind import Past as Recorded
from evogit_agents.replay.rewind import Rewound

Verdict = Literal["same", "different", "not replayable"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one attempt the second time.

    Args:
        verdict: whether the tree, or the reason there is none, is the same.
        why: what differs, or why it can not be said.
        prompt: whether the first prompt would be the same now.
        commit: whether even the id of the individual is the same.
    """

    entry: CommitId
    attempt: Attempt
    verdict: Verdict
    why: str = ""
    prompt: bool = True
    commit: bool = False


class _Chosen:
    """The past as it was, except that the choice among arms is known."""

    def __init__(self, past: Past, arm: Arm) -> None:
        self._past = past
        self._arm = arm
        self.trials = past.trials
        self.lineage = past.lineage
        self.output = past.output

    def choose(self, arms: Sequence[Arm], random: Random) -> Arm:
        """The arm that made the attempt; another only if that is not offered, as happened then."""
        del random
        return self._arm if self._arm in arms else arms[0]


class _Again:
    """An ``llm`` agent that is handed the known past."""

    kind = "llm"

    def __init__(self, agent: LlmAgent, arm: Arm) -> None:
        self._agent = agent
        self._arm = arm

    def worst_case(self) -> Spend:
        return Spend()

    def propose(self, task: Task) -> Proposal | NoProposal:
        return self._agent.propose(self._known(task))

    def resolve(self, task: Task) -> Proposal | NoProposal:
        return self._agent.resolve(self._known(task))

    def _known(self, task: Task) -> Task:
        return replace(task, past=_Chosen(task.past, self._arm))


class Theatre:
    """Carries attempts out again, in the order in which they began.

    Args:
        swarm: the repository that holds them; only read.
        rewound: shows the swarm as it was.
        setup: as for a worker's agents; its settings are replaced by those of each attempt's spec.
    """

    def __init__(self, swarm: GitRepository, rewound: Rewound, setup: Setup) -> None:
        self._swarm = swarm
        self._rewound = rewound
        self._setup = setup
        self._origins = _origins(swarm, rewound)

    def replay(self, past: Recorded) -> Replayed | None:
        """Carry out one attempt; ``None`` if it asked no model."""
        attempt = past.attempt
        found = artefacts(self._swarm, past.entry)
        calls = read_calls(found)
        if not calls:
            return None
        origin = self._origins.get(past.entry)
        why = _hindrance(attempt, calls, found)
        if origin is None or why:
            why = why or "its seed and spec are not recorded"
            return Replayed(past.entry, attempt, "not replayable", why)
        self._rewound.show(past)
        try:
            return self._compare(past, origin, calls)
        except EvoGitError as error:
            return Replayed(past.entry, attempt, "not replayable", error.message)

    def _compare(self, past: Recorded, origin: _Origin, calls: Sequence[Call]) -> Replayed:
        attempt = past.attempt
        found: list[Replayed] = []
        # Which of the inspirations were the strategy's and which the agent's is not recorded.
        for given in range(len(attempt.inspirations) + 1):
            made = self._make(attempt, origin, calls, attempt.inspirations[:given])
            prompt = (made.artefacts or {}).get("prompt.json") == calls[0].prompt
            found.append(self._judge(past, made, prompt=prompt))
            if prompt:
                break
        return max(found, key=lambda one: (one.prompt, one.verdict == "same"))

    def _make(
        self,
        attempt: Attempt,
        origin: _Origin,
        calls: Sequence[Call],
        inspirations: tuple[CommitId, ...],
    ) -> Made:
        git, redactor = self._rewound.git, self._setup.redactor
        phylogeny = self._rewound.phylogeny(origin.spec, (*attempt.parents, *attempt.inspirations))
        setup = replace(self._setup, settings=origin.spec.settings)
        agent = LlmAgent(equip(setup, [_model(attempt, origin.spec, calls)]))
        nursery = Nursery(git, origin.spec, phylogeny, self._rewound.base, origin.seed, redactor)
        adopt = nursery.propose(
            _Again(agent, Arm(attempt.operator, attempt.model)),
            attempt.agent,
            attempt.step,
            Step(_wish(attempt), attempt.parents, inspirations),
            Directions(git, phylogeny, 0.0).feedback(attempt.parents),
            Random(f"{origin.seed} {attempt.agent} {attempt.step} offspring"),
        )
        return adopt()

    def _judge(self, past: Recorded, made: Made, *, prompt: bool) -> Replayed:
        attempt = past.attempt
        wanted = self._tree(attempt)
        same = made.tree == wanted and (wanted is not None or made.reason == attempt.reason)
        why = "" if same else _difference(attempt, wanted, made)
        known = attempt.offspring is not None and made.commit == attempt.offspring
        verdict: Verdict = "same" if same else "different"
        return Replayed(past.entry, attempt, verdict, why, prompt, known)

    def _tree(self, attempt: Attempt) -> TreeId | None:
        commit = attempt.offspring or attempt.duplicate_of
        return None if commit is None else self._swarm.commit(commit).tree


@dataclass(frozen=True, slots=True)
class _Origin:
    """What only individuals record of the worker that made an attempt."""

    spec: Spec
    seed: int


def _origins(swarm: GitRepository, rewound: Rewound) -> dict[CommitId, _Origin]:
    """By journal entry; an attempt without offspring takes that of its agent's nearest one with."""
    specs: dict[str, Spec] = {}
    for version in spec_versions(swarm):
        spec = read_spec(swarm, version)
        specs.setdefault(spec.tree, spec)
    found: dict[CommitId, _Origin] = {}
    for attempts in (rewound.attempts, rewound.attempts[::-1]):
        latest: dict[str, _Origin] = {}
        for past in attempts:
            offspring, agent = past.attempt.offspring, past.attempt.agent
            made = read_provenance(swarm.commit(offspring)) if offspring is not None else None
            if made is not None and made.seed is not None and made.spec in specs:
                latest[agent] = _Origin(specs[made.spec], made.seed)
            if agent in latest:
                found.setdefault(past.entry, latest[agent])
    return found


def _hindrance(attempt: Attempt, calls: Sequence[Call], artefacts: dict[str, bytes]) -> str:
    """Why an attempt can not be carried out again; empty if it can."""
    if any(call.text is None for call in calls):
        return "the model gave no answer"
    if any(b"[cut here: the artefact was larger]" in data for data in artefacts.values()):
        return "an answer is recorded in part only"
    if any(call.text and "[redacted: " in call.text for call in calls):
        return "a secret was taken out of the recorded answer"
    if attempt.reason in {SAID_BEFORE, ANSWERED_BEFORE}:
        return "its tree is not recorded, since what it says was known"
    if not attempt.parents:
        return "it had no parent"
    return ""


def _model(attempt: Attempt, spec: Spec, calls: Sequence[Call]) -> RecordedModel:
    """The attempt's model as it was.

    Raises:
        ConfigError: the spec lists none of this name.
    """
    for model in spec.settings.models:
        if model.name == attempt.model:
            context, max_tokens = room_of(model)
            return RecordedModel(model.name, context, max_tokens, calls, attempt.spend)
    raise ConfigError(f"the spec lists no model {attempt.model!r}")


def _wish(attempt: Attempt) -> str:
    """What the strategy asked for: only what the agent made of it is recorded."""
    if attempt.operator == RESOLVE:
        return MERGE
    return "cross" if len(attempt.parents) > 1 else "mutate"


def _difference(attempt: Attempt, wanted: TreeId | None, made: Made) -> str:
    if wanted is not None and made.tree is not None:
        return f"tree {made.tree[:12]} instead of {wanted[:12]}"
    if wanted is not None:
        return f"no offspring: {made.reason}"
    if made.tree is not None:
        return f"offspring of tree {made.tree[:12]} instead of: {attempt.reason}"
    return f"{made.reason}, instead of: {attempt.reason}"
