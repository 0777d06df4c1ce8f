"""What the branch of a promotion is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pygit2

from evogit.errors import NothingToDoError, UserError
from evogit.git.repository import GitRepository
from evogit.ids import HEADS, slug
from evogit.source import Source
from evogit.steering import target
from evogit.steering.state import Promotion, Steering
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny

_FOLDER: Final = "evogit/"
_MAX_NAME: Final = 150
_MAX_SLUG: Final = 40


def new_branch(
    source: Source, phylogeny: Phylogeny, steering: Steering, row: int, words: str
) -> str:
    """A new branch for an individual, by its tag or what is said of it, with a number if that is taken."""
    commit = phylogeny.commit(row)
    tags = [name for name, tagged in steering.tags if tagged == commit]
    name = _whole_words(tags[0] if tags else words, commit[:12])
    ref, number = f"{HEADS}{_FOLDER}{name}", 1
    while target.read_branch(source, ref) is not None:
        number += 1
        ref = f"{HEADS}{_FOLDER}{name}-{number}"
    return ref


def _whole_words(text: str, fallback: str) -> str:
    name = slug(text, fallback, limit=len(text) + 1)
    if len(name) <= _MAX_SLUG:
        return name
    return name[: _MAX_SLUG + 1].rpartition("-")[0] or name[:_MAX_SLUG]


def refuse_known(source: Source, phylogeny: Phylogeny, steering: Steering, row: int) -> None:
    """Refuse a second branch for what stands on one already.

    Raises:
        NothingToDoError: it was promoted to a branch in ``evogit/`` that still holds it.
    """
    commit, tree = phylogeny.commit(row), phylogeny.tree(row)
    for promotion in reversed(steering.promotions):
        earlier = promotion.individual
        same = earlier in phylogeny and phylogeny.tree(phylogeny.index(earlier)) == tree
        if same and _still_there(source, promotion, tree):
            name = promotion.ref.removeprefix(HEADS)
            raise NothingToDoError(
                f"{commit[:12]} is on branch {name} already",
                hint=f"git switch {name}; or evogit promote {commit[:12]} --to another branch",
            )


def _still_there(source: Source, promotion: Promotion, tree: str) -> bool:
    """Where the promotion put it, or amended there: a branch that went on may be about something else."""
    if not promotion.ref.startswith(HEADS + _FOLDER):
        return False
    now = target.read_branch(source, promotion.ref)
    return now is not None and (
        now == promotion.commit or GitRepository(source.common_dir).commit(now).tree == tree
    )


def named_branch(source: Source, to: str) -> str:
    """The full name of the branch that a human names.

    Raises:
        UserError: it can not be that of a branch, or is one of a remote.
    """
    name = to.removeprefix(HEADS)
    shown = repr(clean_line(to, 60))
    remote = name.partition("/")[0]
    if remote in pygit2.Repository(str(source.common_dir)).remotes.names():
        hint = "promote to a local branch, then push it"
        raise UserError(f"{shown} names a branch of the remote {remote}", hint=hint)
    odd = name.startswith(("-", "refs/")) or name in {"HEAD", "@"}
    if (
        odd
        or name != clean_line(name, _MAX_NAME)
        or not pygit2.reference_is_valid_name(HEADS + name)
    ):
        hint = "such as main or evogit/faster-sort"
        raise UserError(f"{shown} can not be the name of a branch", hint=hint)
    return HEADS + name
