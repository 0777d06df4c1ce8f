"""The kernel's own operator: a three-way merge of two parents from one chosen base.

Recursive merging explodes on a swarm's criss-cross history, so one common ancestor is chosen by
the phylogeny and recorded. Conflicting hunks go by fitness, by chance (the paper), or by testing
combinations: then each merge step tries one combination whose tree nobody has tried yet. An agent
that asks a model may decide conflicting lines itself; the kernel decides the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from evogit.errors import UserError
from evogit.git.merge import Conflict, Merge, merge
from evogit.git.merge_resolve import at_random, by_fitness, combinations, resolve
from evogit.git.repository import GitRepository
from evogit.ids import CommitId, TreeId
from evogit.phylogeny.index import Phylogeny

Policy = Literal["fitness", "random", "combinations"]
_TRIED: Final = 16


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged tree with what the commit will say."""

    tree: TreeId
    parents: tuple[CommitId, ...]
    subject: str
    base: CommitId


@dataclass(frozen=True, slots=True)
class Undecided:
    """A merge that waits for somebody to decide lines.

    ``tree`` holds all that is agreed or not about lines; ``conflicts`` are the files that are left,
    with our side of them in ``tree``.
    """

    tree: TreeId
    conflicts: tuple[Conflict, ...]
    parents: tuple[CommitId, ...]
    base: CommitId


def merge_parents(
    git: GitRepository,
    phylogeny: Phylogeny,
    parents: tuple[CommitId, ...],
    policy: Policy,
    random: Random,
) -> Merged | str:
    """Merge two individuals, or say in words why there is nothing to merge.

    Args:
        git: the swarm repository.
        phylogeny: chooses the merge base and knows the parents' fitness.
        parents: two individuals; the first is ours.
        policy: what decides conflicting hunks.
        random: the only source of chance.
    """
    found = _merge(git, phylogeny, parents)
    if isinstance(found, str):
        return found
    merged, base = found
    try:
        tree = _decide(git, phylogeny, merged, _sides(phylogeny, parents), policy, random)
    except UserError as error:
        return f"the merge failed: {error.message}"
    how = _how(merged, policy)
    return Merged(tree, parents, f"{_title(phylogeny, parents)}{how}", phylogeny.commit(base))


def open_conflicts(
    git: GitRepository, phylogeny: Phylogeny, parents: tuple[CommitId, ...]
) -> Undecided | None:
    """The merge up to its conflicting lines; ``None`` if it has none, or there is none to make.

    What is not about lines (a file deleted here and changed there, renames) goes by fitness.
    """
    found = _merge(git, phylogeny, parents)
    if isinstance(found, str):
        return None
    merged, base = found
    lines = tuple(one for one in merged.conflicts if one.pieces and not one.also)
    if not lines:
        return None
    others = tuple(one for one in merged.conflicts if one not in lines)
    rest = Merge(None if others else merged.partial, merged.partial, others)
    ours, theirs = _sides(phylogeny, parents)
    choose = by_fitness(phylogeny.fitness(ours), phylogeny.fitness(theirs))
    tree = resolve(git, rest, choose)
    return Undecided(tree, lines, parents, phylogeny.commit(base))


def _merge(
    git: GitRepository, phylogeny: Phylogeny, parents: tuple[CommitId, ...]
) -> tuple[Merge, int] | str:
    if len(parents) != 2:
        return f"a merge takes two parents, not {len(parents)}"
    ours, theirs = _sides(phylogeny, parents)
    base = phylogeny.merge_base(ours, theirs)
    if base in (ours, theirs):
        return "one parent descends from the other, so there is nothing to merge"
    trees = (phylogeny.tree(i) for i in (base, ours, theirs))
    try:
        return merge(git, *trees), base
    except UserError as error:
        return f"the merge failed: {error.message}"


def _sides(phylogeny: Phylogeny, parents: tuple[CommitId, ...]) -> tuple[int, int]:
    return phylogeny.index(parents[0]), phylogeny.index(parents[1])


def _title(phylogeny: Phylogeny, parents: tuple[CommitId, ...]) -> str:
    ours, theirs = (phylogeny.agent(i) or "base" for i in _sides(phylogeny, parents))
    return f"merge {theirs} into {ours}"


def _how(found: Merge, policy: Policy) -> str:
    hunks = sum(len(conflict.hunks) for conflict in found.conflicts)
    return f", {hunks} conflicting hunks by {policy}" if hunks else ""


def _decide(
    git: GitRepository,
    phylogeny: Phylogeny,
    found: Merge,
    sides: tuple[int, int],
    policy: Policy,
    random: Random,
) -> TreeId:
    if found.tree is not None:
        return found.tree
    if policy == "combinations":
        return _untried(phylogeny, combinations(git, found, _TRIED, random))
    if policy == "random":
        return resolve(git, found, at_random(random))
    return resolve(git, found, by_fitness(phylogeny.fitness(sides[0]), phylogeny.fitness(sides[1])))


def _untried(phylogeny: Phylogeny, trees: Iterator[TreeId]) -> TreeId:
    tree: TreeId | None = None
    for tree in trees:
        if phylogeny.by_tree(tree) is None:
            return tree
    if tree is None:
        raise UserError("the conflict has no combination to try")
    return tree
