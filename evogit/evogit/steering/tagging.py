"""Giving names to individuals and taking them away: what has to be so before, and which ref moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2

from evogit.errors import NotFoundError, PreconditionError, UserError
from evogit.git.repository import GitRepository
from evogit.ids import TAGS, CommitId, is_selector
from evogit.records import Move
from evogit.text import clean_line

if TYPE_CHECKING:
    from evogit.phylogeny.index import Phylogeny


def _ref_of(name: str) -> str:
    """The ref of a tag.

    Raises:
        UserError: this can not be the name of a tag.
    """
    odd = name != clean_line(name, 100) or name.startswith("-") or "/" in name
    if is_selector(name):
        raise UserError(
            f"{name!r} can not be the name of a tag",
            hint="on the command line it selects something else",
        )
    if odd or not pygit2.reference_is_valid_name(TAGS + name):
        raise UserError(
            f"{clean_line(name, 60)!r} can not be the name of a tag",
            hint="use letters, digits, dots and inner hyphens",
        )
    return TAGS + name


def naming(
    git: GitRepository, phylogeny: Phylogeny, name: str, commit: CommitId
) -> tuple[Move, ...]:
    """What moves when an individual gets a name; nothing if its ref is there already.

    Raises:
        PreconditionError: the name is taken, here or on a host we heard of.
        UserError: it can not be the name of a tag.
    """
    ref, known = _ref_of(name), phylogeny.tags.get(name)
    now = git.ref(ref)
    taken = None if known is None else phylogeny.commit(known)
    if taken is None and now is not None and not _was_decided(phylogeny, name, now):
        taken = now  # by hand, and perhaps no individual
    if name in phylogeny.tips:
        raise PreconditionError(f"{name} is an agent already", hint="name it otherwise")
    if taken is not None:
        raise PreconditionError(
            f"tag {name} names {taken[:12]} already", hint=f"evogit tag --delete {name}"
        )
    return (Move(ref, now, commit),) if now != commit else ()


def _was_decided(phylogeny: Phylogeny, name: str, commit: CommitId) -> bool:
    """Whether somebody once gave a name to just this; what is left of it here may be out of date."""
    decisions = (decision for _, decision in phylogeny.decisions)
    return any(d.verb == "tag" and d.target == name and commit in d.selects for d in decisions)


def unnaming(git: GitRepository, phylogeny: Phylogeny, name: str) -> tuple[Move, ...]:
    """What moves when a name is taken away; one that was given on another host has no ref here.

    Raises:
        NotFoundError: there is no such name.
        UserError: it can not be the name of a tag.
    """
    ref = _ref_of(name)
    now = git.ref(ref)
    if now is None and name not in phylogeny.tags:
        raise NotFoundError(f"there is no tag {name}")
    return (Move(ref, now, None),) if now is not None else ()
