"""Plans how an individual becomes a commit of the user's repository.

Planning reads both repositories and writes objects to the swarm's only. The plan says everything a dry
run shows; ``Desk.promote`` carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import pygit2

from evogit.errors import ConflictError, GitError, NothingToDoError, PreconditionError, UserError
from evogit.git.merge import merge
from evogit.git.program import run_git
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, CommitId, TreeId, commit_id, natural
from evogit.outcome import describe
from evogit.source import Source
from evogit.steering import target
from evogit.steering.message import claim_for, message_for
from evogit.steering.naming import named_branch, new_branch, refuse_known
from evogit.steering.person import Hand, hand_of, write_commit
from evogit.steering.state import Promotion, Steering
from evogit.steering.users_git import active_hooks
from evogit.swarm.repository import Swarm
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

Mode = Literal["squash", "merge", "ff"]

_MAX_SHOWN: Final = 1000


@dataclass(frozen=True, slots=True)
class FileChange:
    """One line of the diffstat; both counts are 0 for a binary file."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a promotion would do. With ``conflicts`` there is no ``tree`` and it can not be done."""

    individual: CommitId
    ref: str
    mode: Mode
    old: CommitId | None
    """Where the branch is; ``None`` if it will be made."""
    tree: TreeId | None
    parents: tuple[CommitId, ...]
    """Parents of the new commit; of no use for ``ff``."""
    known: tuple[CommitId, ...]
    """Commits that the user's repository has."""
    message: str
    own_words: bool
    """Whether a human said the message."""
    hand: Hand | None
    """Who the new commit is by; ``None`` for ``ff``, which makes none."""
    brings: int = 0
    """How many commits of the swarm, unsigned, become history of the branch."""
    agents: tuple[str, ...] = ()
    """By whom those are."""
    conflicts: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()
    hooks: tuple[str, ...] = ()
    """Hooks that git itself would run for this and EvoGit does not."""
    hint: str = ""
    """What to type by hand when the plan can not be carried out."""

    @property
    def branch(self) -> str:
        """Short name of the branch."""
        return self.ref.removeprefix(HEADS)

    def checked_tree(self) -> TreeId:
        """The final tree.

        Raises:
            PreconditionError: there is none because of conflicts.
        """
        if self.tree is None:
            shown = ", ".join(self.conflicts[:10])
            raise PreconditionError(
                f"{self.individual[:12]} conflicts with {self.branch} in {shown}", hint=self.hint
            )
        return self.tree

    def write_commit(self, swarm: Swarm, source: Source, time: int) -> CommitId:
        """Write the commit that the branch will point to into the swarm's repository, signed if planned.

        Raises:
            PreconditionError: there are conflicts, or it can not be signed.
        """
        if self.hand is None:
            return self.individual
        tree = self.checked_tree()
        return write_commit(swarm, source, self.hand, tree, self.parents, self.message, time)

    def with_evidence(self, swarm: Swarm, phylogeny: Phylogeny) -> Plan:
        """The same with the evidence as it is known by now; a human's own words stay."""
        if self.own_words:
            return self
        row = phylogeny.index(self.individual)
        return replace(self, message=message_for(swarm, phylogeny, row))

    def check_target(self, source: Source) -> None:
        """Look once more, right before writing.

        Raises:
            ConflictError: the branch moved since the plan was made.
            PreconditionError: it was checked out since.
        """
        target.refuse_checked_out(source, self.ref, self.hint)
        now = target.read_branch(source, self.ref)
        if now != self.old:
            raise ConflictError(
                f"branch {self.branch} moved to {(now or 'nothing')[:12]} meanwhile",
                hint="promote again, from where it is now",
            )


def plan_promotion(
    swarm: Swarm,
    phylogeny: Phylogeny,
    steering: Steering,
    individual: CommitId,
    *,
    to: str | None = None,
    mode: Mode = "squash",
    message: str | None = None,
    sign: bool = True,
) -> Plan:
    """Plan to bring an individual to a branch of the user's repository.

    ``squash`` makes one commit by the human on top of the branch (of the base, if it is new),
    ``merge`` a merge commit, ``ff`` moves the branch to the individual itself. If the branch moved on
    since the base, the individual's changes are merged in; what an earlier promotion of the same
    lineage brought counts as common ground.

    Args:
        swarm: the swarm.
        phylogeny: its index.
        steering: what was decided, for tags and earlier promotions.
        individual: what to promote.
        to: the branch; one in ``evogit/`` that is named by its tag or what it does if not given.
        mode: how.
        message: of the new commit; says by default what changed and on what evidence.
        sign: whether to sign the new commit if the user's git would.

    Raises:
        NotFoundError: there is no such individual.
        NothingToDoError: the branch has the individual or its changes already; or no branch was named
            and one in ``evogit/`` has.
        UserError: ``to`` can not be the name of a branch, or a message was given for ``ff``.
        PreconditionError: the individual is held in quarantine, or the base; or the branch is checked out,
            shares no history with it, or can not be fast-forwarded; or it
            would be new and the base is gone from the user's repository; or git does not know who the
            human is.
    """
    row = phylogeny.index(individual)
    _refuse_held(phylogeny, row)
    if individual == swarm.base:
        raise NothingToDoError(
            f"{individual[:12]} is the base: there is nothing to promote",
            hint="choose an individual that evolved from it",
        )
    source = target.source_of(swarm)
    if mode == "ff" and message is not None:
        raise UserError("a fast-forward makes no commit, so it has no message", hint="use squash")
    if to is None:
        refuse_known(source, phylogeny, steering, row)
    words = claim_for(swarm, phylogeny, row) or phylogeny.subject(row)
    fallback = new_branch(source, phylogeny, steering, row, words)
    ref = fallback if to is None else named_branch(source, to)
    hint = _by_hand(individual, fallback, ref)
    _check_room(source, ref, hint)
    old = target.read_branch(source, ref)
    onto = old or swarm.base
    if old is None:
        _refuse_without_base(swarm, source, individual)
    else:
        target.bring_in(swarm, source, old)
    tree, conflicts = _final_tree(swarm, phylogeny, steering, individual, ref, old, mode, hint)
    brought = [] if mode == "squash" else _brought(swarm, phylogeny, individual, onto)
    return Plan(
        individual=individual,
        ref=ref,
        mode=mode,
        old=old,
        tree=tree,
        parents=(onto,) if mode == "squash" else (onto, individual),
        known=tuple(dict.fromkeys((onto, swarm.base))) if old is None else (onto,),
        message=message_for(swarm, phylogeny, row, message),
        own_words=message is not None,
        hand=None if mode == "ff" else hand_of(source, sign=sign),
        conflicts=conflicts,
        files=() if tree is None else tuple(_files(swarm.git, onto, tree)),
        brings=len(brought),
        agents=tuple(sorted({phylogeny.agent(i) for i in brought} - {""}, key=natural)),
        hooks=_hooks(source, mode),
        hint=hint,
    )


def _brought(swarm: Swarm, phylogeny: Phylogeny, individual: CommitId, onto: CommitId) -> list[int]:
    """The individuals that a merge, or moving the branch there, makes its history."""
    out = run_git(swarm.path, "rev-list", individual, f"^{onto}").decode().split()
    return [phylogeny.index(commit) for commit in map(commit_id, out) if commit in phylogeny]


def _hooks(source: Source, mode: Mode) -> tuple[str, ...]:
    found = active_hooks(source)
    return found if mode != "ff" else tuple(n for n in found if n == "reference-transaction")


def _refuse_held(phylogeny: Phylogeny, row: int) -> None:
    if not phylogeny.quarantine.holds(row):
        return
    commit, outcome = phylogeny.commit(row)[:12], phylogeny.outcome(row)
    said = describe(outcome) if outcome is not None else "quarantined"
    raise PreconditionError(
        f"{commit} can not be promoted: it is {said}",
        hint=f"look at it with evogit show {commit} -p, then evogit release {commit}",
    )


def _refuse_without_base(swarm: Swarm, source: Source, individual: CommitId) -> None:
    """A new branch would bring back history that its owner has rewritten, perhaps with reason."""
    if not GitRepository(source.common_dir).has(swarm.base):
        raise PreconditionError(
            f"{source.common_dir} does not hold the base {swarm.base[:12]} any more: its history was rewritten",
            hint=f"make a branch where the change belongs, then evogit promote {individual[:12]} --to that branch",
        )


def predict_conflicts(
    swarm: Swarm,
    phylogeny: Phylogeny,
    steering: Steering,
    individual: CommitId,
    ref: str,
    onto: CommitId,
) -> tuple[str, ...]:
    """The paths in which an individual conflicts with a branch; none if it merges cleanly.

    Asks less than a plan: the branch may be checked out, because nothing will move it.

    Args:
        swarm: the swarm.
        phylogeny: its index.
        steering: what was decided, for earlier promotions.
        individual: what would be merged.
        ref: full name of the branch.
        onto: where it is.

    Raises:
        PreconditionError: the branch has the individual already, or shares no history with it.
        UserError: the merge is beyond the limits of ``merge``.
    """
    if not swarm.git.has(onto):
        target.bring_in(swarm, target.source_of(swarm), onto)
    _, conflicts = _final_tree(swarm, phylogeny, steering, individual, ref, onto, "merge", "")
    return conflicts


def _by_hand(individual: CommitId, fallback: str, ref: str) -> str:
    made, wanted = fallback.removeprefix(HEADS), ref.removeprefix(HEADS)
    return (
        f"evogit promote {individual[:12]} --to {made} && git switch {wanted} && git merge {made}"
    )


def _check_room(source: Source, ref: str, hint: str) -> None:
    target.refuse_checked_out(source, ref, hint)
    other = target.blocking(source, ref)
    if other is not None:
        raise PreconditionError(
            f"branch {other.removeprefix(HEADS)} leaves no room for {ref.removeprefix(HEADS)}",
            hint="name another branch with --to",
        )


def _final_tree(
    swarm: Swarm,
    phylogeny: Phylogeny,
    steering: Steering,
    individual: CommitId,
    ref: str,
    old: CommitId | None,
    mode: Mode,
    hint: str,
) -> tuple[TreeId | None, tuple[str, ...]]:
    """The tree the branch will have, or the paths that conflict."""
    git = swarm.git
    theirs = git.commit(individual).tree
    if old is None:
        return theirs, ()
    base = _merge_base(git, old, individual)
    if base == individual:
        raise NothingToDoError(f"{ref.removeprefix(HEADS)} holds {individual[:12]} already")
    if base == old:
        return theirs, ()
    if mode == "ff":
        raise PreconditionError(
            f"{ref.removeprefix(HEADS)} moved on since the base, so it can not be fast-forwarded",
            hint=f"squash or merge; or {hint}",
        )
    common = _common_ground(git, phylogeny, steering.promotions, old, individual) or base
    ours = git.commit(old).tree
    found = merge(git, git.commit(common).tree, ours, theirs)
    if found.tree == ours:
        raise NothingToDoError(f"{ref.removeprefix(HEADS)} has the changes of {individual[:12]}")
    return found.tree, tuple(clean_line(conflict.path) for conflict in found.conflicts)


def _merge_base(git: GitRepository, ours: CommitId, theirs: CommitId) -> CommitId:
    try:
        out = run_git(git.path, "merge-base", ours, theirs)
    except GitError as error:
        if error.status != 1:
            raise
        raise PreconditionError(
            "the branch has no history in common with the swarm's base",
            hint="name a branch that descends from the base, or a new one",
        ) from error
    return commit_id(out.decode().split()[0])


def _common_ground(
    git: GitRepository,
    phylogeny: Phylogeny,
    promotions: Sequence[Promotion],
    branch: CommitId,
    individual: CommitId,
) -> CommitId | None:
    """The newest ancestor of ``individual`` whose squashed promotion ``branch`` contains.

    A squash leaves no parent to find, so that the second promotion of a lineage would conflict with
    the first; the decision remembers which individual it was.
    """
    row = phylogeny.index(individual)
    for promotion in reversed(promotions):
        earlier = promotion.individual
        if (
            earlier in phylogeny
            and phylogeny.is_ancestor(phylogeny.index(earlier), row)
            and _contains(git, branch, promotion.commit)
        ):
            return earlier
    return None


def _contains(git: GitRepository, branch: CommitId, commit: CommitId) -> bool:
    if not git.has(commit):
        return False
    try:
        run_git(git.path, "merge-base", "--is-ancestor", commit, branch)
    except GitError as error:
        if error.status == 1:
            return False
        raise
    return True


def _files(git: GitRepository, onto: CommitId, tree: TreeId) -> list[FileChange]:
    old, new = git.handle[git.commit(onto).tree], git.handle[tree]
    if not isinstance(old, pygit2.Tree) or not isinstance(new, pygit2.Tree):
        return []
    found: list[FileChange] = []
    for patch in old.diff_to_tree(new):
        if patch is None:  # an unchanged file
            continue
        delta = patch.delta
        path = delta.new_file.raw_path or delta.old_file.raw_path
        _, added, removed = patch.line_stats
        found.append(FileChange(clean_line(path.decode("utf-8", "replace")), added, removed))
        if len(found) >= _MAX_SHOWN:
            break
    return found
