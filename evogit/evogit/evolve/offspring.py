"""From a step to an individual: read the parents, ask the agent, check, write the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from evogit.errors import EvoGitError, UserError
from evogit.evolve.merging import merge_parents
from evogit.git.repository import GitRepository
from evogit.git.trees import MAX_BLOB_BYTES, Change, Entry, check_path
from evogit.ids import CommitId, TreeId
from evogit.paths import editable_ranges, matches, outside_unchanged
from evogit.phylogeny.index import Phylogeny
from evogit.proposals import MERGE, Agent, Genome, NoProposal, Proposal, Step, Task
from evogit.records import Spend
from evogit.redact import PLAIN, Redactor
from evogit.swarm.individuals import Provenance, compose
from evogit.swarm.spec import Spec


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


class _UnreadableError(UserError):
    """A parent, perhaps a stranger's, holds a file of more than may be read."""


class Nursery:
    """Makes individuals under one version of the spec. Thread-safe.

    Args:
        git: the swarm repository.
        spec: what may be edited.
        phylogeny: finds known trees, scores and merge bases.
        base_time: commit date of the base; an offspring's date is that plus its step, so that
            the same seed gives the same ids.
        seed: recorded in every individual.
        redactor: takes secrets out of commit messages. Files are kept as the agent wrote them.
    """

    def __init__(
        self,
        git: GitRepository,
        spec: Spec,
        phylogeny: Phylogeny,
        base_time: int,
        seed: int,
        redactor: Redactor = PLAIN,
    ) -> None:
        self._git = git
        self._spec = spec
        self._phylogeny = phylogeny
        self._base_time = base_time
        self._seed = seed
        self._redactor = redactor
        self._files = lru_cache(maxsize=64)(git.files)

    def make(
        self,
        agent: Agent,
        name: str,
        number: int,
        step: Step,
        feedback: Sequence[str],
        random: Random,
    ) -> Made:
        """Carry out one step. Writes the individual's objects, but no ref and no record."""
        if step.operator == MERGE:
            return self._finish(name, number, step, self._merge(step, random), MERGE)
        try:
            genomes = [self._genome(commit) for commit in step.parents]
            inspirations = [self._genome(commit) for commit in step.inspirations]
        except UserError as error:
            return Made(step.operator, None, None, error.message)
        search, goal = self._spec.settings.search, self._spec.settings.goal.text
        task = Task(step.operator, genomes, inspirations, search, goal, feedback, random)
        try:
            answer = agent.propose(task)
        except _UnreadableError as error:
            return Made(step.operator, None, None, error.message)
        if isinstance(answer, NoProposal):
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
        return self._adopt(name, number, step, genomes[0], answer)

    def _adopt(self, name: str, number: int, step: Step, parent: Genome, answer: Proposal) -> Made:
        try:
            tree = self._apply(parent, answer)
        except EvoGitError as error:
            found: Draft | str = f"refused: {error.message}"
        else:
            parents = tuple(
                dict.fromkeys(step.parents if answer.operator == "cross" else step.parents[:1])
            )
            found = Draft(tree, parents, answer.subject, answer.body)
        return self._finish(name, number, step, found, answer.operator, answer)

    def _finish(
        self,
        name: str,
        number: int,
        step: Step,
        draft: Draft | str,
        operator: str,
        answer: Proposal | None = None,
    ) -> Made:
        model, spend = (answer.model, answer.spend) if answer else ("", Spend())
        artefacts = dict(answer.artefacts) if answer else None
        read = (*step.inspirations, *(answer.inspirations if answer else ()))
        made = Made(operator, None, None, "", None, model, spend, artefacts, read)
        if isinstance(draft, str):
            return replace(made, reason=draft)
        known = self._phylogeny.by_tree(draft.tree)
        if known is not None:
            twin = self._phylogeny.commit(known)
            return replace(made, tree=draft.tree, reason="its tree is known", duplicate_of=twin)
        provenance = Provenance(
            agent=name,
            operator=operator,
            step=number,
            spec=self._spec.tree,
            seed=self._seed,
            model=model,
            inspirations=read if operator != MERGE else (),
            merge_base=draft.merge_base,
            spend=spend,
        )
        subject, body = map(self._redactor.text, (draft.subject, draft.body))
        message = compose(subject, body, provenance)
        when = self._base_time + number
        commit = self._git.write_commit(draft.tree, draft.parents, message, author=name, time=when)
        return replace(made, commit=commit, tree=draft.tree)

    def _merge(self, step: Step, random: Random) -> Draft | str:
        policy = self._spec.settings.search.conflicts
        try:
            found = merge_parents(self._git, self._phylogeny, step.parents, policy, random)
        except UserError as error:
            return error.message
        if isinstance(found, str):
            return found
        return Draft(found.tree, found.parents, found.subject, merge_base=found.base)

    def _genome(self, commit: CommitId) -> Genome:
        index = self._phylogeny.index(commit)
        tree = self._phylogeny.tree(index)
        files = self._files(tree)
        readable = {
            path: entry for path, entry in files.items() if entry.mode in (0o100644, 0o100755)
        }

        def read(path: str) -> bytes:
            blob = readable[path].blob
            try:
                return self._git.read_blob(blob)
            except UserError as error:
                raise _UnreadableError(f"a parent's {path!r} can not be read: {error}") from error

        return Genome(commit, tree, tuple(readable), read, self._phylogeny.score(index))

    def _apply(self, parent: Genome, answer: Proposal) -> TreeId:
        files = self._files(parent.tree)
        if not answer.changes:
            raise UserError("the proposal changes nothing")
        changes: dict[str, Change | None] = {}
        for path, data in answer.changes.items():
            self._check(path, data, files)
            if data is None:
                changes[path] = None
            else:
                executable = True if path in answer.executable else None
                changes[path] = Change(self._git.write_blob(data), executable=executable)
        return self._git.change_tree(parent.tree, changes)

    def _check(self, path: str, data: bytes | None, files: dict[str, Entry]) -> None:
        search = self._spec.settings.search
        check_path(path)
        if matches(path, search.protected):
            raise UserError(f"{path!r} is protected")
        if not matches(path, search.editable):
            raise UserError(f"{path!r} is not editable")
        if data is not None and len(data) > MAX_BLOB_BYTES:
            raise UserError(f"{path!r} would be larger than {MAX_BLOB_BYTES // 2**20} MiB")
        old = files.get(path)
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
