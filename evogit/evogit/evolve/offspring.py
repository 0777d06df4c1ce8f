"""From a step to an individual: read the parents, ask the agent, check, write the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from evogit.errors import EvoGitError, UserError
from evogit.evolve.credit import Credit
from evogit.evolve.genomes import Genomes, UnreadableError
from evogit.evolve.merging import Policy, Undecided, merge_parents, open_conflicts
from evogit.evolve.novelty import Novelty
from evogit.evolve.past import RecordedPast
from evogit.evolve.replies import name_of, spend_of, what_is_wrong, worst_case
from evogit.git.repository import GitRepository
from evogit.git.trees import MAX_BLOB_BYTES, Change, check_path
from evogit.ids import CommitId, TreeId
from evogit.inline_tests.check import check_inline_tests
from evogit.paths import editable_ranges, matches, outside_unchanged
from evogit.phylogeny.index import Phylogeny
from evogit.plugins import described
from evogit.proposals import (
    MERGE,
    RESOLVE,
    Agent,
    Genome,
    NoProposal,
    Proposal,
    Resolver,
    Step,
    Task,
)
from evogit.records import Spend
from evogit.redact import PLAIN, Redactor
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.spec import Spec
from evogit.text import clean_line


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a step. ``commit`` is ``None`` with a ``reason``, or for a known tree."""

    operator: str
    commit: CommitId | None
    tree: TreeId | None
    reason: str = ""
    duplicate_of: CommitId | None = None
    model: str = ""
    spend: Spend = Spend()
    artefacts: dict[str, bytes] | None = None
    inspirations: tuple[CommitId, ...] = ()
    pause: float = 0.0
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A tree not yet committed, with what the commit will say."""

    tree: TreeId
    parents: tuple[CommitId, ...]
    subject: str
    body: str = ""
    merge_base: CommitId | None = None


@dataclass(frozen=True, slots=True)
class Birth:
    """Whose step it is, its number, and the version of the spec it is made under."""

    name: str
    number: int
    step: Step
    spec: Spec


class Nursery:
    """Makes individuals under one version of the spec, but for its goal. Thread-safe.

    Args:
        git: the swarm repository.
        spec: what may be edited.
        phylogeny: finds known trees, scores and merge bases.
        base_time: commit date of the base; an offspring's date is that plus its step, so that
            the same seed gives the same ids.
        seed: recorded in every individual.
        redactor: takes secrets out of commit messages. Files are kept as the agent wrote them.
        noise: gains up to this much count for nothing when agents choose what to try.
        current: the version whose goal holds now; without it that of ``spec``.
    """

    def __init__(
        self,
        git: GitRepository,
        spec: Spec,
        phylogeny: Phylogeny,
        base_time: int,
        seed: int,
        redactor: Redactor = PLAIN,
        noise: float = 0.0,
        current: Callable[[], Spec] | None = None,
    ) -> None:
        self._git = git
        self._spec = spec
        self._current = current or (lambda: spec)
        self._phylogeny = phylogeny
        self._base_time = base_time
        self._seed = seed
        self._redactor = redactor
        self._credit = Credit(phylogeny, spec.settings.search.credit, noise)
        self._genomes = Genomes(git, phylogeny)
        evaluate = spec.settings.evaluate
        # A model that compares may read what a fingerprint leaves out.
        search, gates = spec.settings.search, bool(evaluate.gates)
        syntax = search.novelty == "syntax" and not evaluate.ladder
        self._novelty = (
            Novelty(git, phylogeny, gates=gates, functions=search.functions) if syntax else None
        )

    def propose(
        self,
        agent: Agent,
        name: str,
        number: int,
        step: Step,
        feedback: Sequence[str],
        random: Random,
    ) -> Callable[[], Made]:
        """Have ``agent`` propose; what is returned checks that and writes the individual's objects.

        It writes no ref and no record, and is to be called once, when all is visible that must not
        be made again.
        """
        birth, undecided = Birth(name, number, step, self._current()), self._undecided(agent, step)
        if step.operator == MERGE and undecided is None:
            return lambda: self._finish(birth, self._merge(step, random), MERGE)
        try:
            task = self._task(birth, feedback, random, undecided)
        except UserError as error:
            vain = Made(step.operator, None, None, error.message)
            return lambda: vain
        answer = _ask(agent, task, undecided)
        if isinstance(answer, Made):
            return lambda: answer
        return lambda: self._adopt(birth, task, answer, undecided)

    def _undecided(self, agent: Agent, step: Step) -> Undecided | None:
        """What a merge leaves to the agent to decide, if the spec and the agent are for it."""
        wanted = step.operator == MERGE and self._spec.settings.search.conflicts == "model"
        if not wanted or not isinstance(agent, Resolver):
            return None
        return open_conflicts(self._git, self._phylogeny, step.parents)

    def _task(
        self,
        birth: Birth,
        feedback: Sequence[str],
        random: Random,
        undecided: Undecided | None,
    ) -> Task:
        step, search = birth.step, self._spec.settings.search
        parents = [self._genomes(commit) for commit in step.parents]
        return Task(
            operator=RESOLVE if undecided is not None else step.operator,
            parents=parents,
            inspirations=[self._genomes(commit) for commit in step.inspirations],
            search=search,
            goal=birth.spec.settings.goal.text,
            feedback=feedback,
            random=random,
            past=RecordedPast(self._git, self._phylogeny, birth.name, self._genomes, self._credit),
            base=self._base(step.parents) if len(parents) > 1 else None,
            conflicts=undecided.conflicts if undecided is not None else (),
        )

    def _base(self, parents: Sequence[CommitId]) -> Genome:
        ours, theirs = (self._phylogeny.index(commit) for commit in parents[:2])
        return self._genomes(self._phylogeny.commit(self._phylogeny.merge_base(ours, theirs)))

    def _adopt(
        self, birth: Birth, task: Task, answer: Proposal, undecided: Undecided | None
    ) -> Made:
        try:
            tree = self._apply(task.parents[0], answer, undecided)
        except EvoGitError as error:
            found: Draft | str = f"refused: {error.message}"
        else:
            both = undecided is not None or answer.operator == "cross"
            parents = tuple(dict.fromkeys(birth.step.parents[: None if both else 1]))
            base = undecided.base if undecided is not None else None
            found = Draft(tree, parents, answer.subject, answer.body, base)
        return self._finish(birth, found, answer.operator, answer)

    def _finish(
        self, birth: Birth, draft: Draft | str, operator: str, answer: Proposal | None = None
    ) -> Made:
        model, spend = (answer.model, answer.spend) if answer else ("", Spend())
        artefacts = dict(answer.artefacts) if answer else None
        read = (*birth.step.inspirations, *(answer.inspirations if answer else ()))
        made = Made(operator, None, None, "", None, model, spend, artefacts, read)
        refused = draft if isinstance(draft, str) else self._lost_tests(draft.tree)
        if isinstance(draft, str) or refused:
            return replace(made, reason=refused)
        known = self._phylogeny.by_tree(draft.tree)
        if known is not None:
            twin = self._phylogeny.commit(known)
            return replace(made, tree=draft.tree, reason="its tree is known", duplicate_of=twin)
        novelty = self._novelty
        same = novelty.twin(draft.tree, draft.parents) if novelty else None
        if novelty is not None and same is not None:
            twin = self._phylogeny.commit(same)
            return replace(made, tree=draft.tree, reason=novelty.reason, duplicate_of=twin)
        provenance = Provenance(
            agent=birth.name,
            operator=operator,
            step=birth.number,
            spec=birth.spec.tree,
            seed=self._seed,
            model=model,
            inspirations=read if operator != MERGE else (),
            merge_base=draft.merge_base,
            spend=spend,
        )
        subject, body = map(self._redactor.text, (draft.subject, draft.body))
        message = compose(subject, body, provenance)
        author, when = birth.name, self._base_time + birth.number
        commit = self._git.write_commit(
            draft.tree, draft.parents, message, author=author, time=when
        )
        return replace(made, commit=commit, tree=draft.tree)

    def _lost_tests(self, tree: TreeId) -> str:
        """Why a tree, a merge's too, is refused for its tests; empty if they are the base's."""
        base, protected = self._phylogeny.tree(0), self._spec.settings.search.protected
        try:
            check_inline_tests(self._git, base, tree, protected)
        except UserError as error:
            return f"refused: {error.message}"
        return ""

    def _merge(self, step: Step, random: Random) -> Draft | str:
        wanted = self._spec.settings.search.conflicts
        policy: Policy = "fitness" if wanted == "model" else wanted
        try:
            found = merge_parents(self._git, self._phylogeny, step.parents, policy, random)
        except UserError as error:
            return error.message
        if isinstance(found, str):
            return found
        return Draft(found.tree, found.parents, found.subject, merge_base=found.base)

    def _apply(self, parent: Genome, answer: Proposal, undecided: Undecided | None) -> TreeId:
        if not answer.changes:
            raise UserError("the proposal changes nothing")
        if undecided is not None:
            wanted = {conflict.path for conflict in undecided.conflicts}
            if set(answer.changes) != wanted:
                raise UserError("the proposal decides other files than those in conflict")
        changes: dict[str, Change | None] = {}
        for path, data in answer.changes.items():
            self._check(path, data, parent.tree)
            if data is None:
                changes[path] = None
            else:
                executable = True if path in answer.executable else None
                changes[path] = Change(self._git.write_blob(data), executable=executable)
        tree = undecided.tree if undecided is not None else parent.tree
        return self._git.change_tree(tree, changes)

    def _check(self, path: str, data: bytes | None, tree: TreeId) -> None:
        search = self._spec.settings.search
        check_path(path)
        if any("\ud800" <= letter <= "\udfff" for letter in path):
            raise UserError("the name of a file is not UTF-8")
        if matches(path, search.protected):
            raise UserError(f"{path!r} is protected")
        if not matches(path, search.editable):
            raise UserError(f"{path!r} is not editable")
        if data is not None and len(data) > MAX_BLOB_BYTES:
            raise UserError(f"{path!r} would be larger than {MAX_BLOB_BYTES // 2**20} MiB")
        old = self._git.entry(tree, path)
        if old is not None:
            self._check_blocks(path, self._git.read_blob(old.blob), data)

    def _check_blocks(self, path: str, old: bytes, new: bytes | None) -> None:
        """A file with evolve blocks may change inside them only."""
        before = old.decode("utf-8", "surrogateescape")
        after = None if new is None else new.decode("utf-8", "surrogateescape")
        if after is None:
            if editable_ranges(before) is not None:
                raise UserError(f"{path!r} holds evolve blocks and can not be deleted")
        elif not outside_unchanged(before, after):
            raise UserError(f"{path!r} was changed outside its evolve blocks")


def _ask(agent: Agent, task: Task, undecided: Undecided | None) -> Proposal | Made:
    """What the agent proposes, or what is recorded instead."""
    try:
        if undecided is not None and isinstance(agent, Resolver):
            answer = agent.resolve(task)
        else:
            answer = agent.propose(task)
    except UnreadableError as error:
        return Made(task.operator, None, None, error.message)
    except (EvoGitError, OSError):
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001  # an agent's blunder must not end its siblings
        return _failed(agent, task, described(error))
    wrong = what_is_wrong(answer)
    if wrong:
        return _failed(agent, task, wrong, spend_of(answer))
    return _without(answer) if isinstance(answer, NoProposal) else answer


def _failed(agent: Agent, task: Task, why: str, spend: Spend | None = None) -> Made:
    """An agent broke its promise; a step of which nobody knows the cost counts as its worst case."""
    reason = clean_line(f"{name_of(agent)} failed: {why}")
    return Made(task.operator, None, None, reason, spend=spend or worst_case(agent))


def _without(answer: NoProposal) -> Made:
    return Made(
        answer.operator,
        None,
        None,
        answer.reason,
        model=answer.model,
        spend=answer.spend,
        artefacts=dict(answer.artefacts),
        pause=answer.pause,
        stop=answer.stop,
    )
