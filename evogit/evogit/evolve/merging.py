"""The kernel's own operator: a three-way merge of two parents from one chosen base.

Recursive merging explodes on a swarm's criss-cross history, so one common ancestor is chosen by
the phylogeny and recorded. Conflicting hunks go by fitness, by chance (the paper), or by testing
combinations: then each merge step tries one combination whose tree nobody has tried yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from evogit.errors import UserError
from evogit.git.merge import Merge, merge
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
    if len(parents) != 2:
        return f"a merge takes two parents, not {len(parents)}"
    ours, theirs = (phylogeny.index(parent) for parent in parents)
    base = phylogeny.merge_base(ours, theirs)
    if base in (ours, theirs):
        return "one parent descends from the other, so there is nothing to merge"
    try:
        found = merge(git, phylogeny.tree(base), phylogeny.tree(ours), phylogeny.tree(theirs))
        tree = _decide(git, phylogeny, found, (ours, theirs), policy, random)
    except UserError as error:
        return f"the merge failed: {error.message}"
    hunks = sum(len(conflict.hunks) for conflict in found.conflicts)
    how = f", {hunks} conflicting hunks by {policy}" if hunks else ""
    agents = (phylogeny.agent(ours) or "base", phylogeny.agent(theirs) or "base")
    return Merged(tree, parents, f"merge {agents[1]} into {agents[0]}{how}", phylogeny.commit(base))


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
